/** State machine of an export: the allowed transitions between its statuses, each with a name (arrow). */
import type { BatchExportStatus } from "../jobs/state.ts";

/**
 * `requeue`: an attempt has ended and another follows. `retry`: a person restores all attempts. An attempt may end before it marks its
 * export as processing, so a queued export can be requeued, fail and be cancelled; only a started one can complete. A completed export
 * never changes.
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

/** Returns the transition between two statuses, or undefined if it is not allowed. */
export const exportArrow = (from: BatchExportStatus, to: BatchExportStatus): ExportArrow | undefined => {
  const arrows: Partial<Record<BatchExportStatus, ExportArrow>> = exportArrows[from];
  return arrows[to];
};
