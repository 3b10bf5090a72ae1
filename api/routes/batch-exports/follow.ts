/** Server-sent events of things that change in Postgres: looks once a second and sends what differs from the look before. */

import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { AppEnv, Database, Principal, RouteDeps } from "../../deps.ts";
import { assertScope } from "../../middleware/auth.ts";
import { logProblem, problemOf, requestError } from "../../middleware/problem.ts";

export type FollowDeps = Pick<RouteDeps, "identify" | "log" | "nowMs" | "openDatabase" | "wait">;

/** The state of one thing: its event, and the JSON text of its data. */
export type Seen = { id: string; event: string; data: string };

type Look = (db: Database, principal: Principal) => Promise<{ seen: readonly Seen[]; isOver: boolean }>;

const pollMs = 1000;
/** Polls between comments, which keep proxies from closing an idle connection. */
const keepAlivePolls = 15;
/**
 * Polls until the connection ends and the client reconnects. Each poll is a subrequest of the Worker; the limit is 1,000 on one stored page
 * and 10,000 on another (https://developers.cloudflare.com/workers/platform/limits/, read 2026-11-21).
 */
const pollsMax = 900;

/** Answers with the events of `look`. Looks with the present rights of the caller, who needs batchExports:read. */
export const followChanges = (c: Context<AppEnv>, deps: FollowDeps, look: Look): Response => {
  c.header("cache-control", "no-store");
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  return streamSSE(c, (stream) => follow(c, deps, look, stream));
};

const follow = async (c: Context<AppEnv>, deps: FollowDeps, look: Look, stream: SSEStreamingApi): Promise<void> => {
  const sent = new Map<string, string>();
  for (let polls = 0; polls < pollsMax && !stream.aborted && !stream.closed; polls++) {
    const { seen, isOver, isSilent } = await lookNow(c, deps, look);
    const changed = seen.filter(({ id, event, data }) => sent.get(id) !== `${event} ${data}`);
    for (const { id, event, data } of changed) {
      await stream.writeSSE({ event, data });
      sent.set(id, `${event} ${data}`);
    }
    if (isSilent) await stream.write(": the database does not answer\n\n");
    else if (changed.length === 0 && polls % keepAlivePolls === 0) await stream.write(": still here\n\n");
    if (isOver) return;
    await deps.wait(pollMs);
  }
};

/**
 * Looks with the present rights of the key: a key that was deleted, expired or lost its scope sees nothing more. Opens a connection for this
 * poll only, because a long stream would hold it from other requests.
 */
const lookNow = async (
  c: Context<AppEnv>,
  deps: FollowDeps,
  look: Look,
): Promise<{ seen: readonly Seen[]; isOver: boolean; isSilent: boolean }> => {
  const opened = deps.openDatabase(c.get("requestId"));
  try {
    const principal = await deps.identify(c, opened.db);
    assertScope(principal.scopes, "batchExports:read");
    return { ...(await look(opened.db, principal)), isSilent: false };
  } catch (error) {
    const known = requestError(error);
    logProblem(c, deps, known, error);
    if (known.code === "DATABASE_UNAVAILABLE") return { seen: [], isOver: false, isSilent: true };
    return { seen: [{ id: "", event: "problem", data: JSON.stringify(problemOf(c, known)) }], isOver: true, isSilent: false };
  } finally {
    await opened.close();
  }
};
