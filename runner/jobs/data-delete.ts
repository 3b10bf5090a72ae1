/**
 * data.delete: removes ingested data. Objects and their log rows go first, then the rows in ClickHouse, once no run works on objects read
 * before. Data acknowledged before the job ran is removed; data that arrives meanwhile stays as a whole. Each step may run again: it finds
 * what is left.
 */

import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../db/clickhouse/delete-rows.ts";
import { isUnlogged } from "../../db/event-store/deletable-objects.ts";
import type { Database } from "../../db/postgres/client.ts";
import { queueNow } from "../../db/queue/count-earlier-runs.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { nextVersion } from "../../services/integrations/close-window.ts";
import { deleteNotes } from "../../services/traces/delete-notes.ts";
import { noteProgress, readProgress } from "../../services/traces/deletion-progress.ts";
import { type Deletion, waitForEarlierRuns } from "../deletion/deletion.ts";
import { type Entity, removeEntities, scoresOf } from "../deletion/remove-entities.ts";
import { removeOlder } from "../deletion/remove-older.ts";
import { removeProject } from "../deletion/remove-project.ts";
import { removeTraces } from "../deletion/remove-traces.ts";
import { reprocess } from "../deletion/reprocess.ts";
import { type Clock, type Handler, LeaseLost, type Log } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { SettleGrouped } from "../queue/group-settlements.ts";

export type DeleteHandlerDeps = {
  db: Database;
  settleGrouped: SettleGrouped;
  clickhouse: ClickHouse;
  eventsTable: string;
  events: { store: EventStore; prefix: string; segmentBytesMax: number };
  sha256: Sha256Hex;
  newJobId: () => string;
  clock: Pick<Clock, "wait">;
  log: Log;
};

export const createDeleteHandler = ({
  db,
  settleGrouped,
  clickhouse,
  eventsTable,
  events,
  sha256,
  newJobId,
  clock,
  log,
}: DeleteHandlerDeps): Handler => ({
  run: async ({ job, signal, assertHeld }) => {
    const { projectId } = job;
    const what = jobKinds["data.delete"].payload.parse(job.payload);
    const lease = { id: job.id, leaseId: job.leaseId };
    let objects = readProgress(job.checkpoint);
    const deletion: Deletion = {
      ...{ db, clock, log, projectId, signal, newJobId, sha256Hex: sha256, s3: events.store.s3 },
      prefix: events.prefix,
      segmentBytesMax: events.segmentBytesMax,
      rows: { clickhouse, eventsTable, projectId, nextVersion: () => nextVersion(db), signal },
      isUnlogged: await isUnlogged(db, projectId),
      onRemoved: async (removed) => {
        await assertHeld();
        if (removed === 0) return;
        objects += removed;
        await noteProgress(db, lease, objects);
      },
    };
    // Two passes: a run that had read a request before the first may write new files until it ends.
    let emptied: readonly Entity[] = [];
    for (let pass = 1; pass <= 2; pass++) {
      emptied = await removeObjects(deletion, what, await queueNow(db));
      await waitForEarlierRuns(deletion);
    }
    await deleteNotes(db, projectId, what);
    await deleteStoredRows(deletion.rows, what);
    // Deletes again: a run that copies rows inside ClickHouse may have read some before they were deleted and written them after.
    await waitForEarlierRuns(deletion);
    await deleteStoredRows(deletion.rows, what);
    await reprocess(deletion, what, emptied);
    log("info", "data_deleted", { ...jobFields(job), project_id: projectId, scope: what.scope, objects });
    if ((await settleGrouped(job, { state: jobState.completed })) === undefined) throw new LeaseLost();
  },
  settle: async (job, outcome) => (await settleGrouped(job, outcome)) !== undefined,
});

/** Keeps what was logged after `until`. */
const removeObjects = async (deletion: Deletion, what: JobPayload<"data.delete">, until: string): Promise<Entity[]> => {
  switch (what.scope) {
    case "project":
      await removeProject(deletion, until);
      return [];
    case "traces":
      return removeTraces(deletion, what.traceIds, until);
    case "scores": {
      const entities = scoresOf(what.scoreIds);
      await removeEntities(deletion, { entities, traceIds: [], until });
      return deletion.isUnlogged ? entities : [];
    }
    case "before":
      await removeOlder(deletion, what.before);
      return [];
    default:
      return what satisfies never;
  }
};
