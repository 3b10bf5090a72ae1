/** The facts of a transition. */
import type { ExportManifest } from "../../core/exports/manifest.ts";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import type { Actor } from "../audit/write-audit.ts";

export type ExportError = { code: string; message: string };

/** Facts by new status. Without an actor, the runner makes the change. */
export type TransitionFacts = {
  /** Either a person retries a final export, or an attempt has ended: with an error, or with null if it was released. */
  QUEUED: { by: Actor } | { error: ExportError | null };
  PROCESSING: { attempt: number };
  COMPLETED: { manifest: ExportManifest };
  FAILED: { error: ExportError };
  CANCELLED: { by?: Actor };
};

/** A status and its facts as one value. */
export type Change = { [To in BatchExportStatus]: { to: To } & TransitionFacts[To] }[BatchExportStatus];

/** The compiler does not see that status and facts belong together when both are generic. The signature ensures it. */
export const changeOf = <To extends BatchExportStatus>(to: To, facts: TransitionFacts[To]): Change =>
  ({ to, ...facts }) as unknown as Change;

/** The export before the transition, with its row locked. */
export type LockedExport = {
  id: string;
  name: string;
  status: BatchExportStatus;
  projectId: string;
  organizationId: string;
  userId: string | null;
  apiKeyId: string | null;
};

/** Returns the actor of a change made by a person. */
export const personOf = (change: Change): Actor | undefined => ("by" in change ? change.by : undefined);
