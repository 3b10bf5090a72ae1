/** Ingestion: the event store: the bucket of events and its event log, with the rows of the log. */
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";

export type EventStore = {
  db: Database;
  s3: S3Client;
  /**
   * Whether objects are recorded in event_log. If not, the project is marked: from then on, whoever reads or deletes its events asks the
   * store.
   */
  isLogEnabled: boolean;
  /** Only differences count. */
  nowMs: () => number;
  newJobId: () => string;
  /** What causes the jobs; without it, no request does. */
  cause?: JobCause | undefined;
  sha256Hex: Sha256Hex;
};

/** `logId`: the id the row must have; absent, it is derived from key and trace. */
export type LoggedObject = {
  fileKey: string;
  entityType: string;
  entityId: string;
  eventId: string;
  traceId: string | null;
  logId?: string;
};

/** The same object for the same trace is the same row. */
export const logRowId = (
  { bucket, fileKey, traceId }: { bucket: string; fileKey: string; traceId: string | null },
  sha256Hex: Sha256Hex,
): string => `evl_${sha256Hex(JSON.stringify([bucket, fileKey, traceId])).slice(0, 32)}`;
