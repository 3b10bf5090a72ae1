/** GET /api/public/batch-exports/{id}/events: streams progress as server-sent events until the export has ended. */

import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { ErrorCode } from "../../../core/errors.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { assertScope } from "../../middleware/auth.ts";
import { logProblem, problemOf, requestError } from "../../middleware/problem.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { loadBatchExportSummary } from "./load.ts";
import { showBatchExportSummary } from "./resource.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/batch-exports/{id}/events",
    operationId: "streamBatchExportEvents",
    tags: ["Exports"],
    summary: "Follow an export",
    description:
      "Server-sent events: `progress` with a BatchExportSummary whenever the export changes, `end` with its final state, `problem` with a Problem when the key or the export is gone. A connection ends after 15 minutes. Reconnect at any time: the first event is the current state.",
    request: { params: IdParam },
    responses: { 200: { description: "Events.", content: { "text/event-stream": { schema: { type: "string" } } } } },
  },
);

const pollMs = 1000;
/** Polls between comments, which keep proxies from closing an idle connection. */
const keepAlivePolls = 15;
/**
 * Polls until the connection ends and the client reconnects. Each poll is a subrequest of the Worker; the limit is 1,000 on one stored page
 * and 10,000 on another (https://developers.cloudflare.com/workers/platform/limits/, read 2026-11-21).
 */
const pollsMax = 900;

export const registerEvents = (app: App, deps: Pick<RouteDeps, "identify" | "log" | "nowMs" | "openDatabase" | "wait">): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExportSummary(c.get("db"), { actor: c.get("actor"), scopes: c.get("scopes") }, id);
    c.header("cache-control", "no-store");
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" }) as never;
    return streamSSE(c, (stream) => follow(c, deps, id, stream)) as never;
  });
};

const follow = async (
  c: Context<AppEnv>,
  deps: Pick<RouteDeps, "identify" | "log" | "nowMs" | "openDatabase" | "wait">,
  id: string,
  stream: SSEStreamingApi,
): Promise<void> => {
  let last = "";
  for (let polls = 0; polls < pollsMax && !stream.aborted && !stream.closed; polls++) {
    const seen = await loadForPoll(c, deps, id);
    if (seen.event === "problem" && seen.code === "DATABASE_UNAVAILABLE") await stream.write(": the database does not answer\n\n");
    else {
      if (seen.event !== "progress" || seen.data !== last) await stream.writeSSE({ event: seen.event, data: seen.data });
      else if (polls % keepAlivePolls === 0) await stream.write(": still here\n\n");
      if (seen.event !== "progress") return;
      last = seen.data;
    }
    await deps.wait(pollMs);
  }
};

/**
 * Loads the export with the present rights of the key: a key that was deleted, expired or lost its scope sees nothing more. Opens a
 * connection for this poll only, because a long stream would hold it from other requests.
 */
const loadForPoll = async (
  c: Context<AppEnv>,
  deps: Pick<RouteDeps, "identify" | "log" | "nowMs" | "openDatabase" | "wait">,
  id: string,
): Promise<{ event: "progress" | "end"; data: string } | { event: "problem"; code: ErrorCode; data: string }> => {
  const opened = deps.openDatabase(c.get("requestId"));
  try {
    const principal = await deps.identify(c, opened.db);
    assertScope(principal.scopes, "batchExports:read");
    const row = await loadBatchExportSummary(opened.db, principal, id);
    return { event: row.finishedAt === null ? "progress" : "end", data: JSON.stringify(showBatchExportSummary(row, deps.nowMs())) };
  } catch (error) {
    const known = requestError(error);
    logProblem(c, deps, known, error);
    return { event: "problem", code: known.code, data: JSON.stringify(problemOf(c, known)) };
  } finally {
    await opened.close();
  }
};
