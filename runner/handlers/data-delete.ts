/**
 * data.delete: removes what was taken in: objects first, then their log rows, then, once nobody works on what was read before, the rows of ClickHouse. Each step may run again: what is gone stays gone,
 * and a crash leaves the log rows of what is still to be removed.
 */
import { AppError } from "../../core/errors.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { withoutTraces } from "../../core/otel/without-traces.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../db/clickhouse/delete-rows.ts";
import { putEventFile, readEventFile } from "../../db/event-store/event-file.ts";
import { forgetObjects, listLoggedObjects } from "../../db/event-store/logged-objects.ts";
import { eachOf } from "../../db/event-store/store-groups.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { countEarlierRuns, queueNow } from "../../db/queue/count-earlier-runs.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { type Clock, type Handler, LeaseLost, type Log } from "../deps.ts";

export type DeleteHandlerDeps = {
  db: Database;
  clickhouse: ClickHouse;
  eventsTable: string;
  events: { store: { s3: S3Client } } | null;
  clock: Pick<Clock, "wait">;
  log: Log;
};

/** An OpenTelemetry request may hold other traces, which may not have been taken in yet: they stay. */
const removeFrom = async (
  s3: S3Client,
  key: string,
  entityType: string,
  what: JobPayload<"data.delete">,
  signal: AbortSignal,
): Promise<void> => {
  if (entityType === "otel" && what.scope === "traces") {
    const file = await readEventFile(s3, key, signal);
    if (file === undefined) return;
    const left = withoutTraces(parseTracesJson(file.text).traces, new Set(what.traceIds));
    if (left !== undefined) return void (await putEventFile(s3, key, JSON.stringify(left), file.origin));
  }
  await s3.send({ method: "DELETE", key, accept: [404], signal, triesMax: 4 });
};

/** Whoever has read the objects while they were there has written its rows then, and these are deleted with the others. */
const untilEarlierRunsEnd = async ({ db, clock }: DeleteHandlerDeps, projectId: string, signal: AbortSignal): Promise<void> => {
  const before = await queueNow(db);
  while ((await countEarlierRuns(db, { projectId, before })) > 0) await clock.wait(runsPollMs, signal);
};

const objectsMax = 900;
const runsPollMs = 250;
const deletesAtOnce = 16;

export const createDeleteHandler = (deps: DeleteHandlerDeps): Handler => ({
  run: async ({ job, signal, assertHeld }) => {
    if (deps.events === null) throw new AppError({ code: "INGESTION_DISABLED" });
    const { s3 } = deps.events.store;
    const what = jobKinds["data.delete"].payload.parse(job.payload);
    const removeObjects = async (): Promise<number> => {
      for (let objects = 0; ; ) {
        const found = await listLoggedObjects(deps.db, job.projectId, s3.bucket, what, objectsMax);
        if (found.length === 0) return objects;
        const files = new Map(found.map(({ bucketPath, entityType }) => [bucketPath, entityType]));
        await eachOf([...files], deletesAtOnce, ([key, entityType]) => removeFrom(s3, key, entityType, what, signal));
        await assertHeld();
        await forgetObjects(
          deps.db,
          found.map(({ id }) => id),
        );
        objects += found.length;
      }
    };
    let objects = await removeObjects();
    for (;;) {
      await untilEarlierRunsEnd(deps, job.projectId, signal);
      const late = await removeObjects();
      if (late === 0) break;
      objects += late;
    }
    await deleteStoredRows(deps.clickhouse, { projectId: job.projectId, eventsTable: deps.eventsTable, what, signal });
    deps.log("info", "data_deleted", { job_id: job.id, project_id: job.projectId, scope: what.scope, objects });
    if ((await settleJob(deps.db, { id: job.id, leaseId: job.leaseId }, { state: "completed" })) === undefined) throw new LeaseLost();
  },
  settle: async (job, outcome) => (await settleJob(deps.db, { id: job.id, leaseId: job.leaseId }, outcome)) !== undefined,
});
