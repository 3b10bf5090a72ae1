/** The export of a job whose attempt has ended: settled by its runner, or rescued. */
import { AppError } from "../../core/errors.ts";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { SettledState } from "../../db/queue/settle-job.ts";
import { type Transition, transitionExport } from "./transition-export.ts";
import type { ExportError } from "./transition-facts.ts";

/**
 * In the transaction that has written the state of the job. An export that is gone, or that cannot come to the status of its job, stays as it is: the job must end all the same,
 * or its slot would never be free again. Only a completion is refused then (INTERNAL), since its file would be nobody's.
 */
export const followJob = async (
  tx: Database,
  exportId: string,
  { state, error, manifest }: { state: SettledState; error: ExportError | undefined; manifest: ExportManifest | undefined },
): Promise<void> => {
  const moved = await move(tx, exportId, { state, error, manifest });
  if (moved.outcome === "refused" && state === "completed")
    throw new AppError({ code: "INTERNAL", detail: `an export that is ${moved.from} cannot be completed` });
};

const unknownError: ExportError = { code: "INTERNAL", message: "The export failed." };

const move = (
  tx: Database,
  exportId: string,
  { state, error, manifest }: { state: SettledState; error: ExportError | undefined; manifest: ExportManifest | undefined },
): Promise<Transition> => {
  switch (state) {
    case "completed":
      if (manifest === undefined) throw new AppError({ code: "INTERNAL", detail: "a completed export has a manifest" });
      return transitionExport(tx, exportId, "COMPLETED", { manifest });
    case "cancelled":
      return transitionExport(tx, exportId, "CANCELLED", {});
    case "discarded":
      return transitionExport(tx, exportId, "FAILED", { error: error ?? unknownError });
    case "available":
    case "retryable":
      return transitionExport(tx, exportId, "QUEUED", { error: error ?? null });
    default:
      return state satisfies never;
  }
};
