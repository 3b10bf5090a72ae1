/**
 * data.delete: removes what was taken in: objects first, then their log rows, then the rows of ClickHouse. Each step may run again: what is gone stays gone,
 * and a crash leaves the log rows of what is still to be removed.
 */
import { AppError } from "../../core/errors.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../db/clickhouse/delete-rows.ts";
import { forgetObjects, listLoggedObjects } from "../../db/event-store/logged-objects.ts";
import { eachOf } from "../../db/event-store/store-groups.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";

export type DeleteHandlerDeps = {
  db: Database;
  clickhouse: ClickHouse;
  eventsTable: string;
  events: { store: { s3: S3Client } } | null;
  log: Log;
};

const objectsMax = 900;
const deletesAtOnce = 16;

export const createDeleteHandler = (deps: DeleteHandlerDeps): Handler => ({
  run: async ({ job, signal, assertHeld }) => {
    if (deps.events === null) throw new AppError({ code: "INGESTION_DISABLED" });
    const { s3 } = deps.events.store;
    const what = jobKinds["data.delete"].payload.parse(job.payload);
    let objects = 0;
    for (;;) {
      const found = await listLoggedObjects(deps.db, job.projectId, s3.bucket, what, objectsMax);
      if (found.length === 0) break;
      await eachOf([...new Set(found.map(({ bucketPath }) => bucketPath))], deletesAtOnce, async (key) => {
        await s3.send({ method: "DELETE", key, accept: [404], signal, triesMax: 4 });
      });
      await assertHeld();
      await forgetObjects(
        deps.db,
        found.map(({ id }) => id),
      );
      objects += found.length;
    }
    await deleteStoredRows(deps.clickhouse, { projectId: job.projectId, eventsTable: deps.eventsTable, what, signal });
    deps.log("info", "data_deleted", { job_id: job.id, project_id: job.projectId, scope: what.scope, objects });
    if ((await settleJob(deps.db, { id: job.id, leaseId: job.leaseId }, { state: "completed" })) === undefined) throw new LeaseLost();
  },
  settle: async (job, outcome) => (await settleJob(deps.db, { id: job.id, leaseId: job.leaseId }, outcome)) !== undefined,
});
