/** Updates the export of a job whose attempt has ended, whether its runner settled it or it was rescued. */

import { AppError } from "../../core/errors.ts";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { SettledState } from "../../db/queue/settle-job.ts";
import { type Transition, transitionExport } from "./transition-export.ts";
import type { ExportError } from "./transition-facts.ts";

/**
 * Runs in the transaction that has written the job's state. A missing export, or one that cannot take the status of its job, stays
 * unchanged: the job must end anyway, or it would count against the concurrency limit forever. Only a completion then throws INTERNAL,
 * because its file would have no owner.
 */
export const followJob = async (
  tx: Database,
  exportId: string,
  { state, error, manifest }: { state: SettledState; error: ExportError | undefined; manifest: ExportManifest | undefined },
): Promise<void> => {
  const moved = await move(tx, exportId, { state, error, manifest });
  if (moved.outcome === "refused" && state === jobState.completed)
    throw new AppError({ code: "INTERNAL", detail: `an export that is ${moved.from} cannot be completed` });
};

const unknownError: ExportError = { code: "INTERNAL", message: "The export failed." };

const move = (
  tx: Database,
  exportId: string,
  { state, error, manifest }: { state: SettledState; error: ExportError | undefined; manifest: ExportManifest | undefined },
): Promise<Transition> => {
  switch (state) {
    case jobState.completed:
      if (manifest === undefined) throw new AppError({ code: "INTERNAL", detail: "a completed export has a manifest" });
      return transitionExport(tx, exportId, "COMPLETED", { manifest });
    case jobState.cancelled:
      return transitionExport(tx, exportId, "CANCELLED", {});
    case jobState.discarded:
      return transitionExport(tx, exportId, "FAILED", { error: error ?? unknownError });
    case jobState.available:
    case jobState.retryable:
      return transitionExport(tx, exportId, "QUEUED", { error: error ?? null });
    default:
      return state satisfies never;
  }
};
