/** What the state of an export means for people: words, color, and the one action that follows. */
import type { Scope } from "../../app/account.ts";
import type { Tone } from "../../components/badge.tsx";
import type { BatchExportSummary } from "../../generated/types.gen.ts";

type Facts = Pick<BatchExportSummary, "status" | "isExpired" | "isDownloadable" | "cancelRequestedAt" | "progress">;

export const isActive = ({ status }: Pick<Facts, "status">): boolean => status === "QUEUED" || status === "PROCESSING";

export const stateOf = ({ status, isExpired, cancelRequestedAt, progress }: Facts): { title: string; tone: Tone } => {
  switch (status) {
    case "QUEUED":
      return progress.nextAttemptAt === null ? { title: "Queued", tone: "neutral" } : { title: "Waiting to retry", tone: "warning" };
    case "PROCESSING":
      return cancelRequestedAt === null ? { title: "Running", tone: "info" } : { title: "Cancelling", tone: "warning" };
    case "COMPLETED":
      return isExpired ? { title: "Expired", tone: "neutral" } : { title: "Completed", tone: "success" };
    case "FAILED":
      return { title: "Failed", tone: "danger" };
    case "CANCELLED":
      return { title: "Cancelled", tone: "neutral" };
    default:
      return status satisfies never;
  }
};

export type ExportAction = "cancel" | "download" | "retry" | "rerun" | "delete";

/** Actions that the API accepts in this state, the one that follows from it first. */
export const actionsOf = (facts: Facts): readonly ExportAction[] => {
  switch (facts.status) {
    case "QUEUED":
    case "PROCESSING":
      return facts.cancelRequestedAt === null ? ["cancel"] : [];
    case "COMPLETED":
      return facts.isDownloadable ? ["download", "rerun", "delete"] : ["rerun", "delete"];
    case "FAILED":
    case "CANCELLED":
      return ["retry", "rerun", "delete"];
    default:
      return facts.status satisfies never;
  }
};

/** Only a download may be done with the right to read. */
export const scopeOf = (action: ExportAction): Scope => (action === "download" ? "batchExports:read" : "batchExports:create");
