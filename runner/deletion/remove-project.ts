/** Deletes all objects of a project: those in the event log, then any others under its keys, such as files of failed requests. */
import { otelPrefix, projectPrefix } from "../../core/ingestion/blob-key.ts";
import { forgetRows, type LogCursor, listLeft, listStoredUntil } from "../../db/event-store/deletable-objects.ts";
import { listPage } from "../../db/object-store/read-objects.ts";
import { chunkMax, type Deletion, removeFiles, underExclusiveLock } from "./deletion.ts";

/** Keeps what was logged after `until`. */
export const removeProject = async (deletion: Deletion, until: string): Promise<void> => {
  const scope = { projectId: deletion.projectId, bucket: deletion.s3.bucket };
  for (let after: LogCursor | undefined; ; ) {
    const rows = await underExclusiveLock(deletion, async (tx, signal) => {
      const found = await listStoredUntil(tx, { ...scope, until, after, rowsMax: chunkMax });
      await removeFiles(
        deletion,
        found.map(({ key }) => key),
        signal,
      );
      await forgetRows(tx, found);
      return found;
    });
    await deletion.onRemoved(rows.length);
    if (rows.length < chunkMax) break;
    after = rows.at(-1);
  }
  for (const prefix of projectPrefixes(deletion))
    for (let after: string | undefined; ; ) {
      const page = await underExclusiveLock(deletion, async (tx, signal) => {
        const found = (await listPage(deletion.s3, { prefix, after, keysMax: chunkMax }, signal)).map(({ key }) => key);
        // Under the exclusive lock, an object missing from a log that should name it was never acknowledged, or its sender stores it again.
        const left = new Set((await listLeft(tx, { ...scope, keys: found })).map(({ key }) => key));
        const gone = found.filter((key) => !left.has(key));
        await removeFiles(deletion, gone, signal);
        return { last: found.at(-1), isLast: found.length < chunkMax, gone: gone.length };
      });
      await deletion.onRemoved(page.gone);
      if (page.isLast) break;
      after = page.last;
    }
};

/** Returns the prefixes of a project's files: of its entities and of its OpenTelemetry requests. */
export const projectPrefixes = (deletion: Deletion): [entities: string, otel: string] => [projectPrefix(deletion), otelPrefix(deletion)];
