/** What is known when an export changes its status. */
import type { ExportManifest } from "../../core/exports/manifest.ts";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import type { Actor } from "../audit/write-audit.ts";

export type ExportError = { code: string; message: string };

/** By the status it comes to. Without an actor it is the runner that moves it. */
export type TransitionFacts = {
  /** A person retries a final export; or an attempt has ended, with its error unless it was given back. */
  QUEUED: { by: Actor } | { error: ExportError | null };
  PROCESSING: { attempt: number };
  COMPLETED: { manifest: ExportManifest };
  FAILED: { error: ExportError };
  CANCELLED: { by?: Actor };
};

/** A status and its facts as one value. */
export type Change = { [To in BatchExportStatus]: { to: To } & TransitionFacts[To] }[BatchExportStatus];

/** The compiler does not see that the two stay together when both are generic: the signature keeps them so. */
export const changeOf = <To extends BatchExportStatus>(to: To, facts: TransitionFacts[To]): Change =>
  ({ to, ...facts }) as unknown as Change;

/** The export as it was before, its row locked. */
export type LockedExport = {
  id: string;
  name: string;
  status: BatchExportStatus;
  projectId: string;
  organizationId: string;
  userId: string | null;
  apiKeyId: string | null;
};

/** The actor of a change that a person makes. */
export const personOf = (change: Change): Actor | undefined => ("by" in change ? change.by : undefined);
