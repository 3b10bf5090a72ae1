/** Fields that identify a job's attempt in every log line about it. */
import type { ClaimedJob } from "../db/queue/claimed-job.ts";

/** `request_id` is that of the API request which caused the job; it is left out if none did. */
export const jobFields = ({ id, attempt, requestId }: Pick<ClaimedJob, "id" | "attempt" | "requestId">): Record<string, unknown> => ({
  job_id: id,
  attempt,
  ...(requestId === null ? {} : { request_id: requestId }),
});
