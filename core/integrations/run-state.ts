/** States of a run: the delivery of one window of an integration. */

/**
 * `pending`: wanted again by a backfill, waits for its turn. `queued`: has a job. `running`: an attempt is under way. `failed`: its job was
 * given up; the next tick takes it up again. `completed`: everything in the window was delivered.
 */
export const runStates = ["pending", "queued", "running", "completed", "failed"] as const;
export type RunState = (typeof runStates)[number];

/** Of these an integration has at most one run at a time. */
export const unfinishedRunStates = ["queued", "running"] as const satisfies readonly RunState[];

/** Why a window is delivered. */
export const runCauses = ["schedule", "manual", "backfill"] as const;
export type RunCause = (typeof runCauses)[number];
