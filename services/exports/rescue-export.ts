/** Takes back a job whose lease has ended, with its export. */
import { sql } from "drizzle-orm";
import type { ErrorCode } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { enqueueExportMail } from "./enqueue-export-mail.ts";
import { writeAudit, writeExport } from "./write-outcome.ts";

const runnerLost: { code: ErrorCode; message: string } = { code: "RUNNER_LOST", message: "The runner of this export went away." };

/** Takes back one job whose lease has ended, with its export. Undefined when there is none; call again until then. */
export const rescueExport = (db: Database, auditId: string, mailJobId: string): Promise<{ id: string; state: string } | undefined> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const job = await rescueJob(tx);
    if (job === undefined || job.kind !== "export.run") return job;
    const [row] = await execute<{ id: string }>(tx, sql`select id from batch_exports where job_id = ${job.id}`);
    if (row === undefined) return job;
    await writeExport(
      tx,
      row.id,
      job.state === "retryable" ? "retryable" : job.state,
      job.state === "cancelled" ? undefined : runnerLost,
      undefined,
    );
    if (job.state !== "retryable") await writeAudit(tx, row.id, job.state, auditId);
    if (job.state === "discarded") await enqueueExportMail(tx, { jobId: mailJobId, exportId: row.id, event: "failed" });
    return job;
  });
