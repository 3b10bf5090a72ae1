/**
 * Journal of an export: records objects, parts and files as they are uploaded, so that a later attempt can resume and the sweep can remove
 * the rest. The lease fences every write.
 */
import { sql } from "drizzle-orm";
import type { ManifestFile } from "../../core/exports/manifest.ts";
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";
import { storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { states } from "../../db/queue/state-sql.ts";

const isHeld = (lease: Lease) =>
  sql`exists (select 1 from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = ${states.running})`;

/** Records an object before its first byte is sent. Returns undefined if the lease is lost. */
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

/** Records an uploaded part for a later attempt. Does nothing if the lease is lost. */
export const rememberPart = (db: Database, lease: Lease, objectId: string, part: UploadedPart): Promise<unknown> =>
  execute(
    db,
    sql`with object as (update export_objects set updated_at = now() where id = ${objectId}::uuid and state = 'open' and ${isHeld(lease)} returning id)
      insert into export_parts (object_id, number, etag, checksum, end_byte, crc32, slice, slice_start_byte, slice_start_crc32, slice_start_rows)
      select object.id, ${part.number}, ${part.etag}, ${part.checksum}, ${part.endByte}, ${part.crc}, ${part.mark.slice}, ${part.mark.startByte}, ${part.mark.startCrc}, ${part.mark.startRows}
      from object on conflict do nothing`,
  );

/** Records a complete and verified file, which a later attempt takes over unchanged. */
export const rememberFile = (db: Database, lease: Lease, objectId: string, file: ManifestFile): Promise<unknown> =>
  execute(
    db,
    sql`update export_objects set file = ${storableJson(file)}::jsonb, updated_at = now() where id = ${objectId}::uuid and ${isHeld(lease)}`,
  );

/** Stores the plan of this attempt, so that the next one cuts the same slices. Names are kept in the form that Postgres can store. */
export const rememberPlan = (db: Database, lease: Lease, checkpoint: unknown): Promise<unknown> =>
  execute(
    db,
    sql`update jobs set checkpoint = ${storableJson(checkpoint)}::jsonb where id = ${lease.id} and lease_id = ${lease.leaseId} and state = ${states.running}`,
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
 * Takes over what earlier attempts of a job left: complete files, and for the next file the upload with the most consecutive parts. Their
 * rows get the new lease, so that the sweep leaves them alone. It removes everything else.
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

/** Leaves the objects of this lease to the sweep, because the export starts over. */
export const discardObjects = (db: Database, lease: Lease, batchExportId: string): Promise<unknown> =>
  execute(
    db,
    sql`update export_objects set state = 'removing', updated_at = now()
      where batch_export_id = ${batchExportId} and job_id = ${lease.id} and lease_id = ${lease.leaseId}::uuid and state = 'open' and ${isHeld(lease)}`,
  );

/** Lists the parts of an upload in order, up to the first gap. */
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
 * Takes objects for removal that no attempt will resume: their job is over, or has run for a while under another lease that did not take
 * them over.
 * The grace period lets a runner that lost its lease notice it, and its last requests arrive. While a job waits for its next attempt, its
 * objects stay for it. An object that could not be removed is taken again after another grace period, behind all others.
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
              and (j.state <> ${states.running} or j.lease_id = o.lease_id or j.started_at >= grace.before)))
        order by o.updated_at limit ${rowsMax} for update of o skip locked
      )
      update export_objects o set state = 'removing', updated_at = now() from abandoned where o.id = abandoned.id
      returning o.id, o.key, o.upload_id as "uploadId"`,
  );

type AbandonedObject = { id: string; key: string; uploadId: string | null };
