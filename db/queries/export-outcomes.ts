/** What happens to an export while its job runs. Each write is in one transaction with the job and does nothing once the lease is lost. */
import { sql } from "drizzle-orm";
import type { ErrorCode } from "../../core/errors.ts";
import type { ExportManifest, ExportProgress } from "../../core/exports/manifest.ts";
import { batchExportStatusOf } from "../../core/jobs/state.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { Lease } from "../queue/heartbeat-job.ts";
import { rescueJob } from "../queue/rescue-job.ts";
import { type Outcome, settleJob } from "../queue/settle-job.ts";

export type ExportToRun = {
  id: string;
  projectId: string;
  name: string;
  query: unknown;
  format: "CSV" | "JSON" | "JSONL";
  compression: "none" | "gzip" | "zstd";
  options: { neutralizeFormulas: boolean };
  metadata: Record<string, string> | null;
  createdAt: string;
  cutoff: string;
};

const isHeld = (lease: Lease) =>
  sql`exists (select 1 from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = 'running')`;

/** Marks the export as being processed and loads it. Undefined when the lease is lost or the export is gone. Instants are ISO text with microseconds. */
export const startExport = async (db: Database, lease: Lease, exportId: string): Promise<ExportToRun | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  const [row] = await execute<ExportToRun>(
    db,
    sql`update batch_exports set status = 'PROCESSING', started_at = coalesce(started_at, now()), progress = null, error_code = null, log = null, updated_at = now()
      where id = ${exportId} and finished_at is null and ${isHeld(lease)}
      returning id, project_id as "projectId", name, query, format, compression, options, metadata, ${iso("created_at")} as "createdAt", ${iso("cutoff")} as cutoff`,
  );
  return row;
};

/** Shows how far the export has got. False when the lease is lost. */
export const saveProgress = async (db: Database, lease: Lease, exportId: string, progress: ExportProgress): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`update batch_exports set progress = ${JSON.stringify(progress)}::jsonb, updated_at = now() where id = ${exportId} and ${isHeld(lease)} returning id`,
  );
  return rows.length === 1;
};

/** Remembers an object before its first byte leaves. Throws when the lease is lost. */
export const rememberObject = async (
  db: Database,
  lease: Lease,
  object: { batchExportId: string; projectId: string; bucket: string; key: string },
): Promise<string | undefined> => {
  const [row] = await execute<{ id: string }>(
    db,
    sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key)
      select ${object.batchExportId}, ${object.projectId}, ${lease.id}, ${lease.leaseId}::uuid, ${object.bucket}, ${object.key} where ${isHeld(lease)}
      returning id`,
  );
  return row?.id;
};

export const rememberUploadId = async (db: Database, lease: Lease, objectId: string, uploadId: string): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`update export_objects set upload_id = ${uploadId}, updated_at = now() where id = ${objectId}::uuid and ${isHeld(lease)} returning id`,
  );
  return rows.length === 1;
};

export const markObjectRemoved = (db: Database, objectId: string): Promise<unknown> =>
  execute(db, sql`update export_objects set state = 'removed', updated_at = now() where id = ${objectId}::uuid and state = 'open'`);

/** Objects whose attempt is over without having won. The grace gives a runner that has lost its lease time to notice. */
export const listAbandonedObjects = (db: Database, { graceSeconds, rowsMax }: { graceSeconds: number; rowsMax: number }) =>
  execute<{ id: string; bucket: string; key: string; uploadId: string | null }>(
    db,
    sql`select o.id, o.bucket, o.key, o.upload_id as "uploadId" from export_objects o
      where o.state = 'open' and o.updated_at < now() - make_interval(secs => ${graceSeconds})
        and not exists (select 1 from jobs j where j.id = o.job_id and j.lease_id = o.lease_id and j.state = 'running')
      order by o.updated_at limit ${rowsMax}`,
  );

type Settled = { lease: Lease; exportId: string; outcome: Outcome; manifest?: ExportManifest; objectId?: string; auditId: string };

/** Job, export, object and audit row in one transaction. False: the lease is lost, or the job is to be cancelled, and nothing was written. */
export const settleExport = (db: Database, { lease, exportId, outcome, manifest, objectId, auditId }: Settled): Promise<boolean> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    if (!(await settleJob(tx, lease, outcome))) return false;
    if (objectId !== undefined)
      await execute(tx, sql`update export_objects set state = 'kept', updated_at = now() where id = ${objectId}::uuid`);
    await writeExport(tx, exportId, outcome.state, "error" in outcome ? outcome.error : undefined, manifest);
    if (outcome.state !== "available" && outcome.state !== "retryable") await writeAudit(tx, exportId, outcome.state, auditId);
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
    sql`update batch_exports set status = ${status}, updated_at = now(),
        finished_at = ${isFinal ? sql`now()` : sql`null`},
        expires_at = ${state === "completed" ? sql`now() + make_interval(hours => expires_after_hours)` : sql`null`},
        error_code = ${error?.code ?? null}, log = ${error?.message ?? null},
        manifest = ${manifest === undefined ? sql`null` : sql`${JSON.stringify(manifest)}::jsonb`},
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
export const rescueExport = (db: Database, auditId: string): Promise<{ id: string; state: string } | undefined> =>
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
    return job;
  });
