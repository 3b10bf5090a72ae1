/** What every part of a deletion works with, and the steps they share. Memory: one chunk. */

import { AppError } from "../../core/errors.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
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
  /** The store holds objects that the log does not name: both are asked. */
  isUnlogged: boolean;
  signal: AbortSignal;
  /** After each chunk: records the progress; throws when the lease is lost or the job is to be cancelled. */
  onRemoved: (objects: number) => Promise<void>;
};

/** Objects or rows behind the gate at once. */
export const chunkMax = 128;
const deletesAtOnce = 16;
/** Senders of the project wait as long; Postgres would end the transaction after ten seconds. */
const holdMsMax = 8000;
const runsPollMs = 250;

/** Runs `act` behind the gate of the project, with a signal that ends it in time. */
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

/** One by one: every store knows that, and each object is either gone or named by the failure. */
export const removeFiles = async ({ s3 }: Deletion, keys: Iterable<string>, signal: AbortSignal): Promise<void> =>
  forEachConcurrent(
    [...new Set(keys)],
    deletesAtOnce,
    async (key) => void (await s3.send({ method: "DELETE", key, accept: [404], signal, attemptsMax: 4 })),
  );

/** Whoever has read objects while they were there has written then what it made of them, and that is deleted with the rest. */
export const untilEarlierRunsEnd = async ({ db, clock, projectId, signal }: Deletion): Promise<void> => {
  const before = await queueNow(db);
  while ((await countEarlierRuns(db, { projectId, before })) > 0) await clock.wait(runsPollMs, signal);
};
