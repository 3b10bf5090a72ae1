/** GET /api/public/batch-exports/{id}/events: streams progress as server-sent events until the export has ended. */

import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { type FollowDeps, followChanges } from "./follow.ts";
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

export const registerEvents = (app: App, deps: FollowDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    await loadBatchExportSummary(c.get("db"), { actor: c.get("actor"), scopes: c.get("scopes") }, id);
    return followChanges(c, deps, async (db, principal) => {
      const row = await loadBatchExportSummary(db, principal, id);
      const isOver = row.finishedAt !== null;
      return {
        seen: [{ id, event: isOver ? "end" : "progress", data: JSON.stringify(showBatchExportSummary(row, deps.nowMs())) }],
        isOver,
      };
    }) as never;
  });
};
