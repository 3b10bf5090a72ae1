/** An entry of the table of error codes. */

/** Whether retrying can help: `never` fails at once, `backoff` is retried with growing delays. */
type Retry = "never" | "backoff";
/** Who has to act: the API caller, the customer's own system, a provider (S3, ClickHouse), or us. */
type Fault = "caller" | "customer" | "provider" | "us";

export type ErrorEntry = { status: number; retry: Retry; fault: Fault; title: string; help: string };

export const entry = (status: number, retry: Retry, fault: Fault, title: string, help: string): ErrorEntry => ({
  status,
  retry,
  fault,
  title,
  help,
});
