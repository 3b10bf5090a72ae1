/**
 * Deletes all objects of given traces: of every entity that now belongs to one of them, and their spans in OpenTelemetry requests. Memory:
 * the names of the entities in `tracesAtOnce` traces.
 */

import { AppError } from "../../core/errors.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import { isOtelKey } from "../../core/ingestion/blob-key.ts";
import { columnText } from "../../core/ingestion/column-text.ts";
import { entityTypes } from "../../core/ingestion/event.ts";
import { storedOtlpLimits } from "../../core/otel/otlp-traces.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { withoutTraces } from "../../core/otel/without-traces.ts";
import { deleteEntityRows, listEntitiesOfTraces } from "../../db/clickhouse/delete-rows.ts";
import { forgetRows, listNaming, listOtelNaming, listOtelUnnamed, listQueued } from "../../db/event-store/deletable-objects.ts";
import { putEventFile, readEventFile } from "../../db/event-store/event-file.ts";
import { entityName, listEntityFiles } from "../../db/event-store/logged-objects.ts";
import { listPage } from "../../db/object-store/read-objects.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { type MergedEntity, mergeEntity } from "../ingestion/merge-entity.ts";
import { readEntity } from "../ingestion/read-entities.ts";
import { createSpanRequests } from "../ingestion/span-requests.ts";
import { createTurns } from "../turns.ts";
import { chunkMax, type Deletion, underExclusiveLock, waitForEarlierRuns } from "./deletion.ts";
import { type Entity, removeEntities } from "./remove-entities.ts";
import { projectPrefixes } from "./remove-project.ts";

type Candidate = Entity & { isSure: boolean };

const tracesAtOnce = 20;
const entitiesAtOnce = 100;
/** A request has at most 16 MiB. */
const requestsAtOnce = 4;
const requestsMax = 16;

/** Keeps what was logged after `until`. Returns the entities whose folders were emptied, if the log is incomplete. */
export const removeTraces = async (deletion: Deletion, all: readonly string[], until: string): Promise<Entity[]> => {
  const emptied: Entity[] = [];
  for (let at = 0; at < all.length; at += tracesAtOnce) {
    const traceIds = all.slice(at, at + tracesAtOnce);
    const { candidates, requests } = await findCandidates(deletion, traceIds);
    const losing: Losing[] = [];
    for (let from = 0; from < candidates.length; from += entitiesAtOnce) {
      const page = candidates.slice(from, from + entitiesAtOnce);
      const { entities, losing: some } = await candidatesInTraces(deletion, page, traceIds);
      losing.push(...some);
      await removeEntities(deletion, { entities, traceIds, until });
      if (deletion.isUnlogged) emptied.push(...entities);
    }
    // The order matters: a request whose traces are named between the two steps is found by the second.
    await removeUnnamedSpans(deletion, traceIds, until);
    await removeLoggedSpans(deletion, traceIds, until);
    for await (const key of requests) await removeSpans(deletion, key, traceIds);
    await makeAgain(deletion, losing);
  }
  return emptied;
};

/** An observation of another trace that loses its span in a request. `traceId`: where it belongs. */
type Losing = { entityId: string; traceId: string; fileKey: string };

/**
 * Makes observations again without spans that are gone. Their rows go first: what is left of an observation does not tell the day and type
 * that it was stored under. After a crash in between, the log still names the observation with the trace, so it is found again.
 */
const makeAgain = async (deletion: Deletion, losing: readonly Losing[]): Promise<void> => {
  if (losing.length === 0) return;
  const { db, projectId, newJobId, sha256Hex } = deletion;
  await waitForEarlierRuns(deletion);
  await deleteEntityRows(
    deletion.rows,
    "observation",
    losing.map(({ entityId }) => entityId),
  );
  await enqueueEventJobs(
    db,
    projectId,
    losing.map(({ entityId, traceId, fileKey }) => ({
      id: newJobId(),
      kind: "ingestion.merge",
      orderingKey: orderingKeyOf({ projectId, entityType: "observation", entityId, traceId }, sha256Hex),
      payload: { entityType: "observation", entityId, fileKey, source: "otel" },
    })),
  );
};

/** Lists everything that may belong to the traces. A complete log names it all; otherwise ClickHouse and the queue name the rest. */
const findCandidates = async (
  deletion: Deletion,
  traceIds: readonly string[],
): Promise<{ candidates: Candidate[]; requests: AsyncIterable<string> }> => {
  const { db, projectId, s3, sha256Hex } = deletion;
  const candidates = new Map<string, Candidate>();
  const add = (entityType: string | null, entityId: string | null, isSure: boolean) => {
    const type = entityTypes.find((known) => known === entityType);
    if (type === undefined || entityId === null) return;
    const name = entityName({ projectId, entityType: type, entityId });
    if (!candidates.has(name))
      candidates.set(name, { entityType: type, entityId, isSure: isSure && (type === "trace" || !deletion.isUnlogged) });
  };
  for (const { entityType, entityId, isSure } of await listNaming(db, { projectId, bucket: s3.bucket, traceIds }))
    add(entityType, entityId, isSure);
  if (!deletion.isUnlogged) return { candidates: [...candidates.values()], requests: none() };
  for (const traceId of traceIds) add("trace", traceId, true);
  const stored = await listEntitiesOfTraces(deletion.rows, traceIds);
  for (const { entityType, entityId } of stored.entities) add(entityType, entityId, entityType === "trace");
  const orderingKeys = traceIds.map((traceId) => orderingKeyOf({ projectId, entityType: "trace", entityId: traceId, traceId }, sha256Hex));
  const queued = await listQueued(db, { projectId, orderingKeys });
  for (const { entityType, entityId } of queued) add(entityType, entityId, false);
  const waiting = queued.flatMap(({ fileKey }) => (isOtelKey(fileKey) ? [fileKey] : []));
  return { candidates: [...candidates.values()], requests: listUnloggedRequests(deletion, waiting, stored.days, traceIds) };
};

const none = async function* (): AsyncGenerator<string> {};

/**
 * Lists requests without a log row that contain spans of the traces: queued ones, and those of the days on which data of the traces was
 * first made, or of the day before.
 */
const listUnloggedRequests = async function* (
  deletion: Deletion,
  waiting: readonly string[],
  days: readonly string[],
  traceIds: readonly string[],
): AsyncGenerator<string> {
  const { s3, signal } = deletion;
  const holds = async (key: string): Promise<boolean> => {
    const text = (await readEventFile(s3, key, signal))?.text ?? "";
    return traceIds.some((traceId) => text.includes(traceId));
  };
  for (const key of waiting) if (await holds(key)) yield key;
  const searchedDays = new Set(days.flatMap((day) => [day, new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)]));
  for (const day of searchedDays)
    for (let after: string | undefined; ; ) {
      const prefix = `${projectPrefixes(deletion)[1]}${day.replaceAll("-", "/")}/`;
      const page = await listPage(s3, { prefix, after, keysMax: chunkMax }, signal);
      for (const { key } of page) if (await holds(key)) yield key;
      if (page.length < chunkMax) break;
      after = page.at(-1)?.key;
    }
};

/**
 * Keeps the candidates that now belong to one of the traces, according to all their events. An observation that has named two traces
 * belongs to one of them only; `losing` are those of other traces that have spans of these.
 */
const candidatesInTraces = async (
  deletion: Deletion,
  candidates: readonly Candidate[],
  traceIds: readonly string[],
): Promise<{ entities: Candidate[]; losing: Losing[] }> => {
  const { db, projectId, s3 } = deletion;
  const losing: Losing[] = [];
  const unsure = candidates.filter(({ isSure }) => !isSure);
  if (unsure.length === 0) return { entities: [...candidates], losing };
  const traces = new Set(traceIds.map((traceId) => columnText(traceId)));
  const logged = await listEntityFiles(
    db,
    s3.bucket,
    unsure.map(({ entityType, entityId }) => ({ projectId, entityType, entityId })),
  );
  const elsewhere = new Set<Candidate>();
  const turns = createTurns(deletion.signal);
  const requests = createSpanRequests({ ...deletion, store: deletion, turns, sampling: new Map(), onSampled: () => {}, onRead: () => {} });
  await forEachConcurrent(unsure, 8, async (one) => {
    const { entityType, entityId } = one;
    const wanted = { projectId, orderingKey: "", payload: { entityType, entityId, fileKey: "" }, jobs: [], requestJobs: [] };
    try {
      const entity = await readEntity({ ...deletion, turns, requests }, wanted, logged({ projectId, entityType, entityId }));
      const merged = mergeEntity(entity, { projectId, createdAt: epoch, updatedAt: epoch, version: epoch });
      if (merged === undefined || traces.has(traceOf(merged))) return;
      elsewhere.add(one);
      const request = logged({ projectId, entityType, entityId }).files.find(
        ({ key, traceId }) => isOtelKey(key) && traceId !== null && traceIds.includes(traceId),
      );
      if (entityType === "observation" && request !== undefined) losing.push({ entityId, traceId: traceOf(merged), fileKey: request.key });
    } catch (error) {
      // An entity with an unreadable file counts as part of the trace it was logged with.
      if (!(error instanceof AppError) || error.code !== "INTERNAL") throw error;
    }
  });
  return { entities: candidates.filter((one) => !elsewhere.has(one)), losing };
};

/** Any instant will do: it has no effect on which trace an entity belongs to. */
const epoch = "1970-01-01T00:00:00.000000Z";

const traceOf = (one: MergedEntity): string => {
  switch (one.kind) {
    case "trace":
      return one.row.id;
    case "observation":
      return one.merged.row.trace_id;
    case "score":
      return one.row.trace_id ?? "";
    case "dataset_run_item":
      return one.row.trace_id;
    default:
      return one satisfies never;
  }
};

const removeLoggedSpans = async (deletion: Deletion, traceIds: readonly string[], until: string): Promise<void> => {
  const { projectId, s3 } = deletion;
  for (;;) {
    const rows = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = await listOtelNaming(tx, { projectId, bucket: s3.bucket, traceIds, until, rowsMax: requestsMax });
      await forEachConcurrent(
        [...new Set(found.map(({ key }) => key))],
        requestsAtOnce,
        async (key) => void (await removeTracesFromRequest(deletion, key, traceIds, signal)),
      );
      await forgetRows(tx, found);
      return found.length;
    });
    await deletion.onRemoved(rows);
    if (rows < requestsMax) return;
  }
};

/** Removes spans from requests whose traces are not logged yet. */
const removeUnnamedSpans = async (deletion: Deletion, traceIds: readonly string[], until: string): Promise<void> => {
  const { projectId, s3 } = deletion;
  for (let after = ""; ; ) {
    const rows = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = await listOtelUnnamed(tx, { projectId, bucket: s3.bucket, until, after, rowsMax: requestsMax });
      const gone: typeof found = [];
      await forEachConcurrent(found, requestsAtOnce, async (row) => {
        if (await removeTracesFromRequest(deletion, row.key, traceIds, signal)) gone.push(row);
      });
      await forgetRows(tx, gone);
      return found;
    });
    await deletion.onRemoved(rows.length);
    if (rows.length < requestsMax) return;
    after = rows.at(-1)?.id ?? "";
  }
};

const removeSpans = async (deletion: Deletion, key: string, traceIds: readonly string[]): Promise<void> => {
  await underExclusiveLock(deletion, (_, signal) => removeTracesFromRequest(deletion, key, traceIds, signal));
  await deletion.onRemoved(1);
};

/**
 * Removes the traces from a request and keeps the others, which may not have been processed yet. Call under the exclusive lock, or two
 * deletions would restore what the other removed. Returns whether nothing is left of the request.
 */
const removeTracesFromRequest = async (
  { s3 }: Deletion,
  key: string,
  traceIds: readonly string[],
  signal: AbortSignal,
): Promise<boolean> => {
  const file = await readEventFile(s3, key, signal);
  if (file === undefined) return true;
  if (!traceIds.some((traceId) => file.text.includes(traceId))) return false;
  const left = withoutTraces(parseTracesJson(file.text, storedOtlpLimits).traces, new Set(traceIds));
  if (left !== undefined) await putEventFile(s3, key, JSON.stringify(left), file.origin);
  else await s3.send({ method: "DELETE", key, accept: [404], signal, attemptsMax: 4 });
  return left === undefined;
};
