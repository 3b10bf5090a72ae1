/**
 * Deletes all objects of old entities: those that begin before an instant, and those whose objects were all stored before it. An entity
 * goes as a whole, with its rows, whatever their time; otherwise its remaining objects would make another row. Memory: one page.
 */
import { isOtelKey, otelKeysEnd, publicKeyFolderOf } from "../../core/ingestion/blob-key.ts";
import { type EntityType, entityTypes } from "../../core/ingestion/event.ts";
import { deleteEntityRows, listBeginningSince, listOldWrittenSince } from "../../db/clickhouse/delete-rows.ts";
import { forgetRows, type LogCursor, type LoggedRow, listLoggedRequests, listOutdated } from "../../db/event-store/deletable-objects.ts";
import { type ListedObject, listPage } from "../../db/object-store/read-objects.ts";
import { chunkMax, type Deletion, removeFiles, underExclusiveLock, waitForEarlierRuns } from "./deletion.ts";
import { removeEntities } from "./remove-entities.ts";
import { projectPrefixes } from "./remove-project.ts";
import { mergeAgain } from "./reprocess.ts";

const entitiesAtOnce = 1000;

export const removeOlder = async (deletion: Deletion, before: string): Promise<void> => {
  await removeStoredBefore(deletion, before);
  await removeBegunBefore(deletion, before);
  if (!deletion.isUnlogged) return;
  await removeFolders(deletion, Date.parse(before));
  await removeRequests(deletion, before);
};

/**
 * Deletes by the event log. Rows that begin later than their events were stored are not found by their time, so they go before the log
 * forgets their entities.
 */
const removeStoredBefore = async (deletion: Deletion, before: string): Promise<void> => {
  const { projectId, s3 } = deletion;
  for (let after: LogCursor | undefined; ; ) {
    const rows = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = await listOutdated(tx, { projectId, bucket: s3.bucket, before, after, rowsMax: chunkMax });
      // A request goes with its own rows, which are listed only if no other entity needs it.
      await removeFiles(
        deletion,
        found.flatMap(({ entityType, key, isNeeded }) => ((entityType === "otel" || !isOtelKey(key)) && !isNeeded ? [key] : [])),
        signal,
      );
      return found;
    });
    const gone = rows.filter(({ isKept, isNeeded }) => !isKept && !isNeeded);
    const late = await lateRows(deletion, gone, before);
    for (const [entityType, ids] of late) await deleteEntityRows(deletion.rows, entityType, ids);
    await underExclusiveLock(deletion, (tx) => forgetRows(tx, gone));
    for (const [entityType, ids] of late) for (const entityId of ids) await mergeAgain(deletion, { entityType, entityId });
    await deletion.onRemoved(gone.length);
    if (rows.length < chunkMax) return;
    after = rows.at(-1);
  }
};

const lateRows = async (deletion: Deletion, rows: readonly LoggedRow[], before: string): Promise<[EntityType, string[]][]> => {
  if (rows.length > 0) await waitForEarlierRuns(deletion);
  const late: [EntityType, string[]][] = [];
  for (const entityType of entityTypes) {
    const ids = new Set(rows.flatMap((row) => (row.entityType === entityType ? [row.entityId] : traceOf(row, entityType))));
    const found = await listBeginningSince(deletion.rows, { entityType, ids: [...ids], before });
    if (found.length > 0) late.push([entityType, found]);
  }
  return late;
};

/** A trace whose events are in requests alone has no rows of its own in the log. */
const traceOf = (row: LoggedRow, entityType: EntityType): string[] =>
  entityType === "trace" && row.entityType === "otel" && row.traceId !== null ? [row.traceId] : [];

/**
 * Deletes by the rows: entities that begin before the instant but were written after it. The log and the rows' times cover those written
 * only before it.
 */
const removeBegunBefore = async (deletion: Deletion, before: string): Promise<void> => {
  for (const entityType of entityTypes)
    for (let after = ""; ; ) {
      const ids = await listOldWrittenSince(deletion.rows, { entityType, before, after, rowsMax: entitiesAtOnce });
      if (ids.length > 0) {
        const entities = ids.map((entityId) => ({ entityType, entityId }));
        await removeEntities(deletion, { entities, traceIds: [], until: "infinity" });
        await waitForEarlierRuns(deletion);
        await deleteEntityRows(deletion.rows, entityType, ids);
      }
      if (ids.length < entitiesAtOnce) break;
      after = ids.at(-1) ?? "";
    }
};

/** Returns the entity's folder, without the subfolder of a public key. */
const folderOf = (key: string): string => {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  return publicKeyFolderOf(key) === undefined ? folder : folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
};

/**
 * Deletes by the store's own times, for objects without a log: folders of entities last stored before the instant. Keys of one folder are
 * adjacent in key order.
 */
const removeFolders = async (deletion: Deletion, beforeMs: number): Promise<void> => {
  const [prefix] = projectPrefixes(deletion);
  let open: { folder: string; isOld: boolean } | undefined;
  const close = async () => {
    if (open?.isOld === true) await removeOldFolder(deletion, open.folder, beforeMs);
  };
  for (let after: string | undefined; ; ) {
    const page = await listPage(deletion.s3, { prefix, after }, deletion.signal);
    for (const { key, modifiedMs } of page) {
      if (open?.folder !== folderOf(key)) {
        await close();
        open = { folder: folderOf(key), isOld: true };
      }
      open.isOld &&= modifiedMs < beforeMs;
    }
    const last = page.at(-1)?.key;
    if (last === undefined) return close();
    after = last;
  }
};

/** Checks again under the exclusive lock, because a file may have been stored since. */
const removeOldFolder = async (deletion: Deletion, prefix: string, beforeMs: number): Promise<void> => {
  for (;;) {
    const removed = await underExclusiveLock(deletion, async (_, signal) => {
      const page = await listPage(deletion.s3, { prefix, keysMax: chunkMax }, signal);
      return isAllOld(page, beforeMs) ? removePage(deletion, page, signal) : 0;
    });
    await deletion.onRemoved(removed);
    if (removed < chunkMax) return;
  }
};

/**
 * Request keys contain the minute of arrival and sort by it. What the log still names is not old as a whole: the log was switched on again
 * since the mark was set.
 */
const removeRequests = async (deletion: Deletion, before: string): Promise<void> => {
  const { projectId, s3 } = deletion;
  const [, prefix] = projectPrefixes(deletion);
  const end = otelKeysEnd({ prefix: deletion.prefix, projectId, beforeMs: Date.parse(before) });
  for (let after: string | undefined; ; ) {
    const page = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = (await listPage(s3, { prefix, after, keysMax: chunkMax }, signal)).filter(({ key }) => key < end);
      const logged = await listLoggedRequests(tx, { projectId, bucket: s3.bucket, keys: found.map(({ key }) => key) });
      const named = new Set(logged.map(({ key }) => key));
      const removed = await removePage(
        deletion,
        found.filter(({ key }) => !named.has(key)),
        signal,
      );
      return { last: found.at(-1)?.key, isLast: found.length < chunkMax, removed };
    });
    await deletion.onRemoved(page.removed);
    if (page.isLast) return;
    after = page.last;
  }
};

const isAllOld = (page: readonly ListedObject[], beforeMs: number): boolean => page.every(({ modifiedMs }) => modifiedMs < beforeMs);

const removePage = async (deletion: Deletion, page: readonly ListedObject[], signal: AbortSignal): Promise<number> => {
  await removeFiles(
    deletion,
    page.map(({ key }) => key),
    signal,
  );
  return page.length;
};
