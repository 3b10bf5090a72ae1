/** Saves the progress of an export for its owner, on a timer of its own. */

import type { ExportProgress } from "../../core/exports/manifest.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { saveProgress } from "../../services/exports/save-progress.ts";
import type { JobContext } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { ExportHandlerDeps } from "./export-deps.ts";

/** Runs until `stop`. A failed write is logged and does not end the attempt. */
export const reportProgress = (
  deps: ExportHandlerDeps,
  { job }: JobContext,
  exportId: string,
  progress: () => ExportProgress,
): { stop: () => void } => {
  let isSaving = false;
  const save = async () => {
    if (isSaving) return;
    isSaving = true;
    try {
      await saveProgress(deps.db, { id: job.id, leaseId: job.leaseId }, exportId, progress());
    } catch (error) {
      deps.log("warn", "progress_failed", { ...jobFields(job), detail: describeFailure(error) });
    } finally {
      isSaving = false;
    }
  };
  void save();
  return deps.clock.startTimer(deps.settings.progressSeconds * 1000, () => void save());
};
