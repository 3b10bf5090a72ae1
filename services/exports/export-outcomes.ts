/** What happens to an export while its job runs. Each write is in one transaction with the job and does nothing once the lease is lost. */
import { sql } from "drizzle-orm";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import type { ExportManifest, ExportProgress } from "../../core/exports/manifest.ts";
import { batchExportStatusOf } from "../../core/jobs/state.ts";
import type { CompressionName, FormatName } from "../../core/query/formats/index.ts";
import { storableForm, storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { type Outcome, settleJob } from "../../db/queue/settle-job.ts";
import { enqueueExportMail } from "./export-mails.ts";

export type ExportToRun = {
  id: string;
  projectId: string;
  name: string;
  query: unknown;
  format: FormatName;
  compression: CompressionName;
  options: unknown;
  metadata: Record<string, string> | null;
  createdAt: string;
  cutoff: string;
};

/** The job while this lease holds it, locked: a rescue waits, or has been waited for and is seen. */
const held = (lease: Lease) =>
  sql`select j.id from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = 'running' for share`;

/** Marks the export as being processed and loads it. Undefined when the lease is lost or the export is gone. Instants are ISO text with microseconds. */
export const startExport = async (db: Database, lease: Lease, exportId: string): Promise<ExportToRun | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  const [row] = await execute<ExportToRun>(
    db,
    sql`with held as (${held(lease)})
      update batch_exports set status = 'PROCESSING', started_at = coalesce(started_at, now()), progress = null, error_code = null, log = null, updated_at = now()
      from held where batch_exports.id = ${exportId} and finished_at is null
      returning batch_exports.id, project_id as "projectId", name, query, format, compression, options, metadata, ${iso("created_at")} as "createdAt", ${iso("cutoff")} as cutoff`,
  );
  return row;
};

/** Shows how far the export has got. False when the lease is lost. */
export const saveProgress = async (db: Database, lease: Lease, exportId: string, progress: ExportProgress): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`with held as (${held(lease)})
      update batch_exports set progress = ${JSON.stringify(progress)}::jsonb, updated_at = now() from held where batch_exports.id = ${exportId} returning batch_exports.id`,
  );
  return rows.length === 1;
};

type Settled = {
  lease: Lease;
  exportId: string;
  outcome: Outcome;
  manifest?: ExportManifest;
  objectIds?: string[];
  auditId: string;
  mailJobId: string;
};

/** Job, export, object and audit row in one transaction. False: the lease is lost, or the job is to be cancelled, and nothing was written. */
export const settleExport = (
  db: Database,
  { lease, exportId, outcome, manifest, objectIds, auditId, mailJobId }: Settled,
): Promise<boolean> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const state = await settleJob(tx, lease, outcome);
    if (state === undefined) return false;
    for (const id of objectIds ?? []) {
      const kept = await execute(
        tx,
        sql`update export_objects set state = 'kept', updated_at = now() where id = ${id}::uuid and state = 'open' returning id`,
      );
      if (kept.length === 0) throw new AppError({ code: "INTERNAL", detail: `the object ${id} is not there to be kept` });
    }
    await writeExport(tx, exportId, state, "error" in outcome && state !== "cancelled" ? outcome.error : undefined, manifest);
    if (state !== "completed" && state !== "cancelled" && state !== "discarded") return true;
    await writeAudit(tx, exportId, state, auditId);
    if (state !== "cancelled")
      await enqueueExportMail(tx, { jobId: mailJobId, exportId, event: state === "completed" ? "completed" : "failed" });
    return true;
  });

const writeExport = async (
  tx: Database,
  exportId: string,
  state: Outcome["state"],
  error: { code: string; message: string } | undefined,
  manifest: ExportManifest | undefined,
): Promise<void> => {
  const status = batchExportStatusOf[state];
  const isFinal = state === "completed" || state === "cancelled" || state === "discarded";
  await execute(
    tx,
    sql`update batch_exports set status = ${status}, updated_at = now(), progress = ${isFinal ? sql`progress` : sql`null`},
        finished_at = ${isFinal ? sql`now()` : sql`null`},
        expires_at = ${state === "completed" ? sql`now() + make_interval(hours => expires_after_hours)` : sql`null`},
        error_code = ${error?.code ?? null}, log = ${error === undefined ? null : storableForm(error.message)},
        manifest = ${manifest === undefined ? sql`null` : sql`${storableJson(manifest)}::jsonb`},
        rows = ${manifest?.rows ?? null}, bytes = ${manifest?.bytes ?? null}, truncated = ${manifest?.truncated ?? null}
      where id = ${exportId}`,
  );
};

const actions = { completed: "complete", cancelled: "cancelled", discarded: "fail" } as const;

const writeAudit = async (tx: Database, exportId: string, state: keyof typeof actions, auditId: string): Promise<void> => {
  await execute(
    tx,
    sql`insert into audit_logs (id, type, project_id, org_id, user_id, api_key_id, resource_type, resource_id, action, after)
      select ${auditId}, 'RUNNER', b.project_id, p.org_id, b.user_id, b.api_key_id, 'batchExport', b.id, ${actions[state]},
        jsonb_build_object('status', b.status, 'rows', b.rows, 'bytes', b.bytes, 'errorCode', b.error_code)
      from batch_exports b join projects p on p.id = b.project_id where b.id = ${exportId}`,
  );
};

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
