/** What happens to an export while its job runs. Each write is in one transaction with the job and does nothing once the lease is lost. */
import { sql } from "drizzle-orm";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import type { ExportManifest, ExportProgress, ManifestFile } from "../../core/exports/manifest.ts";
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";
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

const isHeld = (lease: Lease) =>
  sql`exists (select 1 from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = 'running')`;

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

/** Remembers an object before its first byte leaves. Undefined when the lease is lost. */
export const rememberObject = async (
  db: Database,
  lease: Lease,
  object: { batchExportId: string; projectId: string; bucket: string; key: string; fileIndex: number },
): Promise<string | undefined> => {
  const [row] = await execute<{ id: string }>(
    db,
    sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, file_index)
      select ${object.batchExportId}, ${object.projectId}, ${lease.id}, ${lease.leaseId}::uuid, ${object.bucket}, ${object.key}, ${object.fileIndex} where ${isHeld(lease)}
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
  execute(db, sql`update export_objects set state = 'removed', updated_at = now() where id = ${objectId}::uuid and state = 'removing'`);

/** Remembers a part that has arrived, for an attempt after this one. Does nothing once the lease is lost. */
export const rememberPart = (db: Database, lease: Lease, objectId: string, part: UploadedPart): Promise<unknown> =>
  execute(
    db,
    sql`with object as (update export_objects set updated_at = now() where id = ${objectId}::uuid and state = 'open' and ${isHeld(lease)} returning id)
      insert into export_parts (object_id, number, etag, checksum, end_byte, crc32, slice, slice_start_byte, slice_start_crc32, slice_start_rows)
      select object.id, ${part.number}, ${part.etag}, ${part.checksum}, ${part.endByte}, ${part.crc}, ${part.mark.slice}, ${part.mark.startByte}, ${part.mark.startCrc}, ${part.mark.startRows}
      from object on conflict do nothing`,
  );

/** The file is complete and proven: a later attempt takes it as it is. */
export const rememberFile = (db: Database, lease: Lease, objectId: string, file: ManifestFile): Promise<unknown> =>
  execute(
    db,
    sql`update export_objects set file = ${storableJson(file)}::jsonb, updated_at = now() where id = ${objectId}::uuid and ${isHeld(lease)}`,
  );

/** The plan of this attempt, for the next one: it must cut the same slices. Names are kept in the form that Postgres can store. */
export const rememberPlan = (db: Database, lease: Lease, checkpoint: unknown): Promise<unknown> =>
  execute(
    db,
    sql`update jobs set checkpoint = ${storableJson(checkpoint)}::jsonb where id = ${lease.id} and lease_id = ${lease.leaseId} and state = 'running'`,
  );

export type LeftObject = {
  id: string;
  key: string;
  uploadId: string | null;
  fileIndex: number;
  file: ManifestFile | null;
  /** In order, up to the first gap. */
  parts: UploadedPart[];
};

/**
 * Takes over what attempts before this one have left of a job: complete files, and for the file after them the upload with the most parts in a row.
 * The rows then carry the new lease, so the sweep leaves them alone; everything else stays behind for it.
 */
export const takeOverObjects = async (db: Database, lease: Lease, batchExportId: string, bucket: string): Promise<LeftObject[]> => {
  const objects = await execute<Omit<LeftObject, "parts">>(
    db,
    sql`select id, key, upload_id as "uploadId", file_index as "fileIndex", file from export_objects
      where batch_export_id = ${batchExportId} and job_id = ${lease.id} and bucket = ${bucket} and state = 'open' and (file is not null or upload_id is not null)
      order by file_index, file is null, created_at`,
  );
  const taken: LeftObject[] = [];
  for (let index = 0; ; index++) {
    const candidates = objects.filter(({ fileIndex }) => fileIndex === index);
    const complete = candidates.find(({ file }) => file !== null);
    if (complete !== undefined) {
      taken.push({ ...complete, parts: [] });
      continue;
    }
    const started = await Promise.all(candidates.map(async (object) => ({ ...object, parts: await listParts(db, object.id) })));
    const best = started.toSorted((a, b) => b.parts.length - a.parts.length)[0];
    if (best !== undefined && best.parts.length > 0) taken.push(best);
    break;
  }
  if (taken.length === 0) return [];
  const held = await execute<{ id: string }>(
    db,
    sql`update export_objects set lease_id = ${lease.leaseId}::uuid, updated_at = now()
      where state = 'open' and id in (${sql.join(
        taken.map(({ id }) => sql`${id}::uuid`),
        sql`, `,
      )}) and ${isHeld(lease)} returning id`,
  );
  return held.length === taken.length ? taken : [];
};

/** Nobody goes on with what this lease holds: an export starts over, and its objects so far are the sweep's. */
export const discardObjects = (db: Database, lease: Lease, batchExportId: string): Promise<unknown> =>
  execute(
    db,
    sql`update export_objects set state = 'removing', updated_at = now()
      where batch_export_id = ${batchExportId} and job_id = ${lease.id} and lease_id = ${lease.leaseId}::uuid and state = 'open' and ${isHeld(lease)}`,
  );

/** The parts of an upload in order, up to the first that is missing. */
const listParts = async (db: Database, objectId: string): Promise<UploadedPart[]> => {
  const rows = await execute<
    Record<"number" | "slice", number> & Record<"etag" | "checksum" | "end" | "crc" | "startByte" | "startCrc" | "startRows", string>
  >(
    db,
    sql`select number, etag, checksum, end_byte as "end", crc32 as crc, slice, slice_start_byte as "startByte", slice_start_crc32 as "startCrc", slice_start_rows as "startRows"
      from export_parts where object_id = ${objectId}::uuid order by number`,
  );
  const gap = rows.findIndex(({ number }, index) => number !== index + 1);
  return rows.slice(0, gap === -1 ? undefined : gap).map(({ number, etag, checksum, end, crc, slice, startByte, startCrc, startRows }) => ({
    number,
    etag,
    checksum,
    endByte: Number(end),
    crc: Number(crc),
    mark: { slice, startByte: Number(startByte), startCrc: Number(startCrc), startRows: Number(startRows) },
  }));
};

/**
 * Takes objects nobody will go on with, for removal: their job is over, or has run for a while under another lease that has not taken them over.
 * The grace gives a runner that has lost its lease time to notice, and a request of its that is still on its way time to arrive. While a job waits
 * for its next attempt its objects stay, to be resumed. One that could not be removed is taken again after another grace, behind all others.
 */
export const takeAbandonedObjects = (
  db: Database,
  { bucket, graceSeconds, rowsMax }: { bucket: string; graceSeconds: number; rowsMax: number },
): Promise<AbandonedObject[]> =>
  execute<AbandonedObject>(
    db,
    sql`with grace as (select now() - make_interval(secs => ${graceSeconds}) as before), abandoned as (
        select o.id from export_objects o, grace
        where o.state in ('open', 'removing') and o.bucket = ${bucket} and o.updated_at < grace.before
          and (o.state = 'removing' or not exists (
            select 1 from jobs j where j.id = o.job_id and j.finished_at is null
              and (j.state <> 'running' or j.lease_id = o.lease_id or j.started_at >= grace.before)))
        order by o.updated_at limit ${rowsMax} for update of o skip locked
      )
      update export_objects o set state = 'removing', updated_at = now() from abandoned where o.id = abandoned.id
      returning o.id, o.key, o.upload_id as "uploadId"`,
  );

export type AbandonedObject = { id: string; key: string; uploadId: string | null };

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
