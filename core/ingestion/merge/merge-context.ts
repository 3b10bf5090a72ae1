/** What a merge knows beside the events: the project and the server's own instants, ISO 8601 UTC with microseconds. */
export type MergeContext = {
  projectId: string;
  createdAt: string;
  updatedAt: string;
  /** The moment the job was given out: `event_ts` of the row. */
  version: string;
  /** Who sent the newest events, for the tables that keep it. */
  origin?: MergeOrigin;
};

export type MergeOrigin = {
  apiKey?: string;
  sdkName?: string;
  sdkVersion?: string;
  filePath?: string;
  /** Bytes of the events as they were sent. */
  bytes?: number;
};
