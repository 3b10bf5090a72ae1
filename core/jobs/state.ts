/** Job states (River's names) and how the public API shows them. One mapping, here. */
export const jobStates = ["scheduled", "available", "running", "retryable", "completed", "cancelled", "discarded"] as const;
export type JobState = (typeof jobStates)[number];

/** States from which a job can be claimed once `run_at` has passed. */
export const claimableStates = ["scheduled", "available", "retryable"] as const satisfies readonly JobState[];
/** States that only an explicit retry by a person leaves. */
export const finalStates = ["completed", "cancelled", "discarded"] as const satisfies readonly JobState[];

export const isFinalState = (state: JobState): boolean => (finalStates as readonly JobState[]).includes(state);

export const batchExportStatuses = ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type BatchExportStatus = (typeof batchExportStatuses)[number];

/** The status an export's owner sees for each job state. A retryable job has not failed: it waits for its next attempt. */
export const batchExportStatusOf: Record<JobState, BatchExportStatus> = {
  scheduled: "QUEUED",
  available: "QUEUED",
  running: "PROCESSING",
  retryable: "QUEUED",
  completed: "COMPLETED",
  cancelled: "CANCELLED",
  discarded: "FAILED",
};
