/** Ingestion, merge: what a merge needs besides the events. Instants are the server's, ISO 8601 UTC with microseconds. */
export type MergeContext = {
  projectId: string;
  createdAt: string;
  updatedAt: string;
  /** Instant of the job's claim: `event_ts` of the row. */
  version: string;
  /** Sender of the newest events, for the tables that store it. */
  origin?: MergeOrigin;
};

export type MergeOrigin = {
  apiKey?: string;
  sdkName?: string;
  sdkVersion?: string;
  filePath?: string;
  /** Size of the events as sent. */
  bytes?: number;
};
