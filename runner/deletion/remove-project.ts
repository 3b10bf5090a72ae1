/** All objects of a project: those in the log, then whatever else lies under its keys, such as files whose request has failed. */
import { otelPrefix, projectPrefix } from "../../core/ingestion/blob-key.ts";
import { forgetRows, type LogCursor, listLeft, listStoredUntil } from "../../db/event-store/deletable-objects.ts";
import { listPage } from "../../db/object-store/read-objects.ts";
import { chunkMax, type Deletion, removeFiles, underExclusiveLock } from "./deletion.ts";

/** What was logged after `until` stays. */
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
        // Behind the gate, what a log is kept of and does not name was never acknowledged, or its sender stores it once more.
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

/** All files of a project: of its entities, and its OpenTelemetry requests. */
export const projectPrefixes = (deletion: Deletion): [entities: string, otel: string] => [projectPrefix(deletion), otelPrefix(deletion)];
