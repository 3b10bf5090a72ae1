/** The state machine of an export: which arrow leads from one status to another. */
import type { BatchExportStatus } from "../jobs/state.ts";

/**
 * `requeue`: an attempt has ended and another will follow. `retry`: a person wants all attempts again. An attempt may end before it has marked its export as processing,
 * so a queued export can be requeued, fail and be cancelled; only one that was started can be complete. A completed export stays as it is.
 */
const exportArrows = {
  QUEUED: { QUEUED: "requeue", PROCESSING: "start", FAILED: "fail", CANCELLED: "cancel" },
  PROCESSING: { QUEUED: "requeue", PROCESSING: "start", COMPLETED: "complete", FAILED: "fail", CANCELLED: "cancel" },
  COMPLETED: {},
  FAILED: { QUEUED: "retry" },
  CANCELLED: { QUEUED: "retry" },
} as const satisfies Record<BatchExportStatus, Partial<Record<BatchExportStatus, string>>>;

type Arrows = typeof exportArrows;
export type ExportArrow = { [From in keyof Arrows]: Arrows[From][keyof Arrows[From]] }[keyof Arrows];

/** The arrow between two statuses; undefined where there is none. */
export const exportArrow = (from: BatchExportStatus, to: BatchExportStatus): ExportArrow | undefined => {
  const arrows: Partial<Record<BatchExportStatus, ExportArrow>> = exportArrows[from];
  return arrows[to];
};
