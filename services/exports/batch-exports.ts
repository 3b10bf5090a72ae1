/** Batch exports as their owners see and change them. Every statement is bounded by the project of the key. */
import { and, desc, eq, getTableColumns, inArray, lt, notInArray, or, sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { type CreateBatchExport, optionsOf } from "../../core/exports/request.ts";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports, exportObjects, jobs } from "../../db/postgres/schema.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { requestCancel } from "../../db/queue/request-cancel.ts";
import { retryJob } from "../../db/queue/retry-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { claimIdempotencyKey, type IdempotencyKey } from "../idempotency.ts";

type JobOfExport = {
  job: Pick<
    typeof jobs.$inferSelect,
    "state" | "attempt" | "maxAttempts" | "heartbeatAt" | "runAt" | "cancelRequestedAt" | "lastError"
  > | null;
};

export type BatchExportRow = typeof batchExports.$inferSelect & JobOfExport;

/** An export without what can be large: a query may have a megabyte, and a manifest a hundred thousand files. */
export type BatchExportSummaryRow = Omit<BatchExportRow, "query" | "manifest"> & {
  tableName: string;
  manifest: Pick<ExportManifest, "rows" | "bytes" | "slices" | "matchedRows" | "truncated" | "rowLimit" | "changes" | "warnings"> | null;
};

export type Created = { outcome: "created" | "repeated"; exportId: string } | { outcome: "keyReused" };

/**
 * Export, job, audit row and idempotency key in one transaction. A repeated key with the same request answers the first export; with another request, `keyReused`.
 * Two requests with one key at the same time: the second waits on the key's row until the first has committed.
 */
export const createBatchExport = (
  db: Database,
  actor: Actor,
  request: CreateBatchExport & { name: string },
  ids: { exportId: string; jobId: string; auditId: string },
  options: { warnings: string[]; idempotency: IdempotencyKey | null; maxAttempts?: number },
): Promise<Created> =>
  transaction(db, async (tx) => {
    if (options.idempotency !== null) {
      const claimed = await claimIdempotencyKey(tx, actor.projectId, options.idempotency, ids.exportId);
      if (claimed.outcome === "keyReused") return claimed;
      if (claimed.outcome === "repeated") return { outcome: "repeated", exportId: claimed.resourceId };
    }
    await insertExport(
      tx,
      actor,
      { ...request, options: optionsOf(request), metadata: request.metadata ?? null, warnings: options.warnings },
      ids,
      { action: "create", maxAttempts: options.maxAttempts },
    );
    return { outcome: "created", exportId: ids.exportId };
  });

const jobColumns = {
  state: jobs.state,
  attempt: jobs.attempt,
  maxAttempts: jobs.maxAttempts,
  heartbeatAt: jobs.heartbeatAt,
  runAt: jobs.runAt,
  cancelRequestedAt: jobs.cancelRequestedAt,
  lastError: jobs.lastError,
};
const columns = { export: batchExports, job: jobColumns };

/** Found in the text, where quotes inside values are escaped: `->>` reads the whole document and fails where a filter holds NUL (SQLSTATE 22P05). */
const tableName = sql<string>`coalesce(substring(${batchExports.query}::text from '"tableName"\\s*:\\s*"(\\w+)"'), '')`;

const { query: _query, manifest, ...smallColumns } = getTableColumns(batchExports);
const summaryColumns = {
  export: {
    ...smallColumns,
    tableName: tableName.as("table_name"),
    manifest: sql<BatchExportSummaryRow["manifest"]>`case when ${manifest} is not null then jsonb_build_object(
      'rows', ${manifest}->'rows', 'bytes', ${manifest}->'bytes', 'slices', ${manifest}->'slices', 'matchedRows', ${manifest}->'matchedRows',
      'truncated', ${manifest}->'truncated', 'rowLimit', ${manifest}->'rowLimit', 'changes', ${manifest}->'changes', 'warnings', ${manifest}->'warnings') end`.as(
      "manifest_summary",
    ),
  },
  job: jobColumns,
};

export const findBatchExport = async (db: Database, projectId: string, id: string): Promise<BatchExportRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};

export const findBatchExportSummary = async (db: Database, projectId: string, id: string): Promise<BatchExportSummaryRow | undefined> => {
  const [row] = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};

/** A page, newest first, after the cursor. */
export const listBatchExports = async (
  db: Database,
  projectId: string,
  page: {
    limit: number;
    after: { createdAt: Date; id: string } | null;
    status: BatchExportStatus | null;
    /** Exports of these tables are left out. */
    hiddenTables: readonly string[];
  },
): Promise<BatchExportSummaryRow[]> => {
  const rows = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(
      and(
        eq(batchExports.projectId, projectId),
        page.status === null ? undefined : eq(batchExports.status, page.status),
        page.hiddenTables.length === 0 ? undefined : notInArray(tableName, [...page.hiddenTables]),
        page.after === null
          ? undefined
          : or(
              lt(sql`date_trunc('milliseconds', ${batchExports.createdAt})`, page.after.createdAt.toISOString()),
              and(
                eq(sql`date_trunc('milliseconds', ${batchExports.createdAt})`, page.after.createdAt.toISOString()),
                lt(batchExports.id, page.after.id),
              ),
            ),
      ),
    )
    .orderBy(desc(sql`date_trunc('milliseconds', ${batchExports.createdAt})`), desc(batchExports.id))
    .limit(page.limit);
  return rows.map((row) => ({ ...row.export, job: row.job }));
};

/** Cancels a waiting export at once; asks the runner of a running one. */
export const cancelBatchExport = (
  db: Database,
  actor: Actor,
  id: string,
  auditId: string,
): Promise<"cancelled" | "requested" | "finished" | "notFound"> =>
  transaction(db, async (tx) => {
    const before = await findBatchExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    const outcome = await requestCancel(tx, { jobId: before.jobId, projectId: actor.projectId });
    if (outcome === "finished") return outcome;
    if (outcome === "cancelled")
      await tx
        .update(batchExports)
        .set({ status: "CANCELLED", finishedAt: sql`now()`, updatedAt: sql`now()` })
        .where(and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId)));
    await writeAudit(tx, actor, {
      id: auditId,
      resourceType: "batchExport",
      resourceId: id,
      action: "cancel",
      before: { status: before.status },
      after: { outcome },
    });
    return outcome;
  });

/** Puts a failed or cancelled export back into the queue, with a new cutoff. */
export const retryBatchExport = (
  db: Database,
  actor: Actor,
  id: string,
  auditId: string,
): Promise<"queued" | "notRetryable" | "notFound" | "tooOld"> =>
  transaction(db, async (tx) => {
    const before = await findBatchExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    if (before.job === null) return "tooOld";
    if (!(await retryJob(tx, { jobId: before.jobId, projectId: actor.projectId }))) return "notRetryable";
    await tx
      .update(batchExports)
      .set({
        status: "QUEUED",
        cutoff: sql`now()`,
        finishedAt: null,
        startedAt: null,
        errorCode: null,
        log: null,
        progress: null,
        updatedAt: sql`now()`,
      })
      .where(and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId)));
    await writeAudit(tx, actor, {
      id: auditId,
      resourceType: "batchExport",
      resourceId: id,
      action: "retry",
      before: { status: before.status },
    });
    return "queued";
  });

/** A new export with the request of a finished one. False while that one still runs. */
export const rerunBatchExport = (
  db: Database,
  actor: Actor,
  before: BatchExportRow,
  ids: { exportId: string; jobId: string; auditId: string },
): Promise<boolean> =>
  transaction(db, async (tx) => {
    if (before.finishedAt === null) return false;
    const { name, query, format, compression, options, expiresAfterHours, metadata, warnings } = before;
    await insertExport(tx, actor, { name, query, format, compression, options, expiresAfterHours, metadata, warnings }, ids, {
      action: "rerun",
      before: { batchExportId: before.id },
    });
    return true;
  });

/** Deletes a finished export. Its objects are handed to the sweep, which deletes them and tries again until they are gone. */
export const deleteBatchExport = (db: Database, actor: Actor, id: string, auditId: string): Promise<"deleted" | "running" | "notFound"> =>
  transaction(db, async (tx) => {
    const mine = and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId));
    const [row] = await tx
      .delete(batchExports)
      .where(and(mine, inArray(batchExports.status, ["COMPLETED", "FAILED", "CANCELLED"])))
      .returning();
    if (row === undefined) return (await findBatchExport(tx, actor.projectId, id)) === undefined ? "notFound" : "running";
    await tx
      .update(exportObjects)
      .set({ state: "open", updatedAt: sql`now()` })
      .where(and(eq(exportObjects.batchExportId, id), eq(exportObjects.state, "kept")));
    await writeAudit(tx, actor, {
      id: auditId,
      resourceType: "batchExport",
      resourceId: id,
      action: "delete",
      before: { status: row.status, name: row.name, rows: row.rows, bytes: row.bytes },
    });
    return "deleted";
  });

type NewExport = Pick<
  typeof batchExports.$inferInsert,
  "name" | "query" | "format" | "compression" | "options" | "expiresAfterHours" | "metadata" | "warnings"
>;

/** Export, job and audit row. */
const insertExport = async (
  tx: Database,
  actor: Actor,
  request: NewExport,
  ids: { exportId: string; jobId: string; auditId: string },
  more: { action: string; before?: unknown; maxAttempts?: number | undefined },
): Promise<void> => {
  const [row] = await tx
    .insert(batchExports)
    .values({
      ...request,
      id: ids.exportId,
      projectId: actor.projectId,
      userId: actor.userId,
      apiKeyId: actor.apiKeyId,
      jobId: ids.jobId,
      status: "QUEUED",
      cutoff: sql`now()`,
    })
    .returning();
  await enqueueJob(tx, {
    id: ids.jobId,
    kind: "export.run",
    projectId: actor.projectId,
    payload: { batchExportId: ids.exportId },
    dedupeKey: `export.run:${ids.exportId}`,
    ...(more.maxAttempts === undefined ? {} : { maxAttempts: more.maxAttempts }),
  });
  await writeAudit(tx, actor, {
    id: ids.auditId,
    resourceType: "batchExport",
    resourceId: ids.exportId,
    action: more.action,
    before: more.before ?? null,
    after: row,
  });
};
