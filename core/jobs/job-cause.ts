/** What caused a job: its row keeps it, so that logs and traces lead from a request to the attempts of its jobs. */

/** `traceparent`: the W3C trace context that the attempts continue. */
export type JobCause = { requestId: string; traceparent?: string | null | undefined };

/** The cause as a claimed job carries it. Both are null for a job that no request caused, such as a scheduled run. */
export type ClaimedCause = { requestId: string | null; traceparent: string | null };

/** The cause of jobs that a claimed job enqueues. Undefined if no request caused it. */
export const causeOf = ({ requestId, traceparent }: ClaimedCause): JobCause | undefined =>
  requestId === null ? undefined : { requestId, traceparent };
