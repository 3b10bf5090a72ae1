/** Deletes all objects of given entities: those in the event log, and those in the entities' folders if the log is incomplete. */
import { entityFolder } from "../../core/ingestion/blob-key.ts";
import type { EntityType } from "../../core/ingestion/event.ts";
import { forgetRows, forgetTraceEvents, listKeysOf, listOfEntities } from "../../db/event-store/deletable-objects.ts";
import { listPage } from "../../db/object-store/read-objects.ts";
import { chunkMax, type Deletion, removeEventFiles, removeFiles, underExclusiveLock } from "./deletion.ts";

export type Entity = { entityType: EntityType; entityId: string };

export const scoresOf = (scoreIds: readonly string[]): Entity[] => scoreIds.map((entityId) => ({ entityType: "score", entityId }));

type Wanted = { entities: readonly Entity[]; traceIds: readonly string[]; until: string };

/** Keeps what was logged after `until`. */
export const removeEntities = async (deletion: Deletion, { entities, traceIds, until }: Wanted): Promise<void> => {
  const { projectId, s3 } = deletion;
  if (entities.length === 0) return;
  for (;;) {
    const rows = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = await listOfEntities(tx, { projectId, bucket: s3.bucket, entities, traceIds, until, rowsMax: chunkMax });
      const isDeciding = ({ traceId }: { traceId: string | null }) => traceId !== null && traceIds.includes(traceId);
      for (const rows of [found.filter((row) => !isDeciding(row)), found.filter(isDeciding)])
        await removeEventFiles(
          deletion,
          rows.map(({ key }) => key),
          signal,
        );
      await forgetRows(tx, found);
      return found.length;
    });
    await deletion.onRemoved(rows);
    if (rows < chunkMax) break;
  }
  const traces = entities.flatMap(({ entityType, entityId }) => (entityType === "trace" ? [entityId] : []));
  if (traces.length > 0)
    await underExclusiveLock(deletion, (tx) => forgetTraceEvents(tx, { projectId, bucket: s3.bucket, traceIds: traces, until }));
  if (deletion.isUnlogged) for (const entity of entities) await removeFolder(deletion, entity);
};

/** Keeps what the log still names: it was stored after the deletion began. */
const removeFolder = async (deletion: Deletion, entity: Entity): Promise<void> => {
  const { projectId, s3 } = deletion;
  const folder = folderOf(deletion, entity);
  for (let after: string | undefined; ; ) {
    const page = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = (await listPage(s3, { prefix: folder, after, keysMax: chunkMax }, signal)).map(({ key }) => key);
      const left = new Set((await listKeysOf(tx, { projectId, bucket: s3.bucket, ...entity })).map(({ key }) => key));
      const gone = found.filter((key) => !left.has(key));
      await removeFiles(deletion, gone, signal);
      return { last: found.at(-1), isLast: found.length < chunkMax, gone: gone.length };
    });
    await deletion.onRemoved(page.gone);
    if (page.isLast) return;
    after = page.last;
  }
};

/** Returns the entity's folder, with a trailing slash. */
export const folderOf = ({ prefix, projectId, segmentBytesMax, sha256Hex }: Deletion, entity: Entity): string =>
  entityFolder({ prefix, projectId, ...entity }, segmentBytesMax, sha256Hex);
