/** GET /api/public/batch-exports/{id}/events: progress as server-sent events until the export has ended. */
import { createRoute } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, refusals, security } from "../describe.ts";
import { loadBatchExport } from "./load.ts";
import { showBatchExport } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/batch-exports/{id}/events",
  operationId: "streamBatchExportEvents",
  tags: ["Batch exports"],
  summary: "Follow an export",
  description:
    "Server-sent events: `progress` with the export whenever it changes, `end` with its final state. Connect again at any time: the first event is the state of then.",
  security,
  middleware: [requireScope("batchExports:read")] as const,
  request: { params: IdParam },
  responses: { 200: { description: "Events.", content: { "text/event-stream": { schema: { type: "string" } } } }, ...refusals },
});

const pollMs = 1000;
/** A comment keeps proxies from closing a quiet connection. */
const keepAlivePolls = 15;
/** A connection ends after this; the client connects again. */
const pollsMax = 3600;

export const registerEvents = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExport(c, id);
    c.header("cache-control", "no-store");
    return streamSSE(c, async (stream) => {
      const opened = deps.openDatabase();
      try {
        let last = "";
        for (let polls = 0; polls < pollsMax && !stream.aborted && !stream.closed; polls++) {
          const row = await loadBatchExport(c, id, opened.db);
          const data = JSON.stringify(showBatchExport(row, deps.nowMs()));
          if (row.finishedAt !== null) {
            await stream.writeSSE({ event: "end", data });
            return;
          }
          if (data !== last) await stream.writeSSE({ event: "progress", data });
          else if (polls % keepAlivePolls === 0) await stream.write(": still here\n\n");
          last = data;
          await deps.wait(pollMs);
        }
      } finally {
        await opened.close();
      }
    }) as never;
  });
};
