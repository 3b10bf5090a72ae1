/** GET /api/public/batch-exports/events: streams the changes of all exports of a project as server-sent events. */

import { listLiveExports } from "../../../services/exports/list-live-exports.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { type FollowDeps, followChanges, type Seen } from "./follow.ts";
import { showBatchExportSummary } from "./resource.ts";
import { hiddenFrom } from "./table-scope.ts";

const route = keyRoute(
  { scopes: ["batchExports:read"], codes: [] },
  {
    method: "get",
    path: "/api/public/batch-exports/events",
    operationId: "streamAllBatchExportEvents",
    tags: ["Exports"],
    summary: "Follow all exports",
    description:
      "Server-sent events for a list of exports: `progress` with a BatchExportSummary whenever an unfinished export changes or a new one is made, `end` with its final state, `deleted` with the id of one that is gone before its end was seen, `problem` with a Problem when the key is gone. The first events are the unfinished exports and those that ended in the last 10 seconds, so connect before or shortly after you read the list. Follows the newest 200. A connection ends after 15 minutes. Reconnect at any time.",
    responses: { 200: { description: "Events.", content: { "text/event-stream": { schema: { type: "string" } } } } },
  },
);

const rowsMax = 200;
/** Longer than a poll takes, so that an export that began and ended between two is seen. */
const endedSeconds = 10;

export const registerAllEvents = (app: App, deps: FollowDeps): void => {
  app.openapi(route, (c) => {
    let unfinished: string[] = [];
    let lookedMs = deps.nowMs();
    return followChanges(c, deps, async (db, { actor, scopes }) => {
      const sinceSeconds = Math.ceil((deps.nowMs() - lookedMs) / 1000);
      const rows = await listLiveExports(db, actor.projectId, {
        ids: unfinished,
        endedSeconds: endedSeconds + sinceSeconds,
        hiddenTables: hiddenFrom(scopes),
        rowsMax: rowsMax + unfinished.length,
      });
      lookedMs = deps.nowMs();
      const found = new Set(rows.map(({ id }) => id));
      const gone = unfinished.filter((id) => !found.has(id)).map((id): Seen => ({ id, event: "deleted", data: JSON.stringify({ id }) }));
      unfinished = rows
        .filter(({ finishedAt }) => finishedAt === null)
        .map(({ id }) => id)
        .slice(0, rowsMax);
      const seen = rows.map((row): Seen => {
        const event = row.finishedAt === null ? "progress" : "end";
        return { id: row.id, event, data: JSON.stringify(showBatchExportSummary(row, deps.nowMs())) };
      });
      return { seen: [...seen, ...gone], isOver: false };
    }) as never;
  });
};
