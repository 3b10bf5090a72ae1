/** Rescues a job whose lease has expired, with its export. */
import { sql } from "drizzle-orm";
import type { ErrorCode } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { followJob } from "./follow-job.ts";

const runnerLost: { code: ErrorCode; message: string } = { code: "RUNNER_LOST", message: "The runner of this export was lost." };

/** Rescues one job of any kind per call, in one transaction with its export. Returns undefined if none is left; call again until then. */
export const rescueExport = (db: Database): Promise<{ id: string; state: string } | undefined> =>
  transaction(db, async (tx) => {
    const job = await rescueJob(tx);
    if (job === undefined || job.kind !== "export.run") return job;
    const [row] = await execute<{ id: string }>(tx, sql`select id from batch_exports where job_id = ${job.id}`);
    if (row !== undefined) await followJob(tx, row.id, { state: job.state, error: runnerLost, manifest: undefined });
    return job;
  });
