/** Dependencies of a deletion, and the steps all deletions share. Memory: one chunk. */

import { AppError } from "../../core/errors.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { isOtelKey, type Sha256Hex } from "../../core/ingestion/blob-key.ts";
import type { RowStore } from "../../db/clickhouse/delete-rows.ts";
import { lockExclusive } from "../../db/event-store/deletion-lock.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { countEarlierRuns, queueNow } from "../../db/queue/count-earlier-runs.ts";
import type { Clock, Log } from "../deps.ts";

export type Deletion = {
  db: Database;
  s3: S3Client;
  rows: RowStore;
  prefix: string;
  segmentBytesMax: number;
  sha256Hex: Sha256Hex;
  newJobId: () => string;
  clock: Pick<Clock, "wait">;
  log: Log;
  projectId: string;
  /** True if the store may hold objects that the event log does not name. Both are then searched. */
  isUnlogged: boolean;
  signal: AbortSignal;
  /** Records the progress after each chunk. Throws if the lease is lost or the job is to be cancelled. */
  onRemoved: (objects: number) => Promise<void>;
};

/** Largest number of objects or rows handled under one exclusive lock. */
export const chunkMax = 128;
const deletesAtOnce = 16;
/** Longest time under the exclusive lock. Senders of the project wait meanwhile, and Postgres ends the transaction after ten seconds. */
const holdMsMax = 8000;
const runsPollMs = 250;

/** Runs `act` under the project's exclusive lock, with a signal that aborts in time. Throws S3_UNAVAILABLE if the store is too slow. */
export const underExclusiveLock = <T>(
  { db, projectId, signal }: Deletion,
  act: (tx: Database, signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  lockExclusive(db, projectId, async (tx) => {
    const inTime = AbortSignal.timeout(holdMsMax);
    try {
      return await act(tx, AbortSignal.any([signal, inTime]));
    } catch (error) {
      if (inTime.aborted && !signal.aborted)
        throw new AppError({ code: "S3_UNAVAILABLE", message: "The object store is too slow to delete from.", cause: error });
      throw error;
    }
  });

/**
 * Deletes files of events one by one: every store supports that, and a failure names its object. Of a request, an entity has only spans:
 * they go with the rows of the request.
 */
export const removeEventFiles = (deletion: Deletion, keys: Iterable<string>, signal: AbortSignal): Promise<void> =>
  removeFiles(
    deletion,
    [...keys].filter((key) => !isOtelKey(key)),
    signal,
  );

/** Deletes objects one by one. */
export const removeFiles = async ({ s3 }: Deletion, keys: Iterable<string>, signal: AbortSignal): Promise<void> =>
  forEachConcurrent(
    [...new Set(keys)],
    deletesAtOnce,
    async (key) => void (await s3.send({ method: "DELETE", key, accept: [404], signal, attemptsMax: 4 })),
  );

/** Waits until runs that began earlier have ended. They may have read objects before the deletion; what they wrote is then deleted too. */
export const waitForEarlierRuns = async ({ db, clock, projectId, signal }: Deletion): Promise<void> => {
  const before = await queueNow(db);
  while ((await countEarlierRuns(db, { projectId, before })) > 0) await clock.wait(runsPollMs, signal);
};
