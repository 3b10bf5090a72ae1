/** Job states (River's names) and how the public API shows them. One mapping, here. */
/** The name in the code, and the value in the database. A migration that renames stored values changes the value here, and nothing else. */
export const jobState = {
  scheduled: "scheduled",
  available: "available",
  running: "running",
  retryable: "retryable",
  completed: "completed",
  cancelled: "cancelled",
  discarded: "discarded",
} as const;
export type JobState = (typeof jobState)[keyof typeof jobState];

/** All states, for the type of the column. */
export const jobStates = Object.values(jobState) as [JobState, ...JobState[]];

/** States from which a job can be claimed once `run_at` has passed. */
export const claimableStates = [jobState.scheduled, jobState.available, jobState.retryable] as const satisfies readonly JobState[];
/** States that only an explicit retry by a person leaves. */
export const finalStates = [jobState.completed, jobState.cancelled, jobState.discarded] as const satisfies readonly JobState[];

export const isFinalState = (state: JobState): boolean => (finalStates as readonly JobState[]).includes(state);

export const batchExportStatuses = ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type BatchExportStatus = (typeof batchExportStatuses)[number];

/** The status an export's owner sees for each job state. A retryable job has not failed: it waits for its next attempt. */
export const batchExportStatusOf: Record<JobState, BatchExportStatus> = {
  [jobState.scheduled]: "QUEUED",
  [jobState.available]: "QUEUED",
  [jobState.running]: "PROCESSING",
  [jobState.retryable]: "QUEUED",
  [jobState.completed]: "COMPLETED",
  [jobState.cancelled]: "CANCELLED",
  [jobState.discarded]: "FAILED",
};
