/** What a run came to, by table, and the fault that ended an attempt. Stored with the run and shown by the API. */
import type { ManifestFile } from "../exports/manifest.ts";
import type { ExportChanges } from "../query/changes.ts";

/** `at`: ISO 8601 UTC. `message` is for a person, `detail` for the owner: the store's own words. */
export type IntegrationFault = { code: string; message: string; detail?: string; table?: string; at: string };

export type TableResult = {
  /** Rows of the window. */
  rows: number;
  bytes: number;
  /** For storage: the files, in order. */
  files: ManifestFile[];
  columns: string[];
  changes?: ExportChanges;
  /** For event sinks: `sent = accepted + rejected`. */
  sent: number;
  accepted: number;
  rejected: number;
};
