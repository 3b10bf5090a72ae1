/** Queue: a job as its claim returns it. */
import type { ClaimedCause } from "../../core/jobs/job-cause.ts";
import type { JobKind } from "../../core/jobs/kinds.ts";

export type ClaimedJob = {
  id: string;
  kind: JobKind;
  projectId: string;
  payload: unknown;
  attempt: number;
  maxAttempts: number;
  leaseId: string;
  checkpoint: unknown;
} & ClaimedCause;
