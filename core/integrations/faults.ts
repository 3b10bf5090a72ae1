/** Which faults of a delivery only the owner can mend. They switch it off, or the webhook endpoint; everything else is tried again. */
import type { ErrorCode } from "../errors.ts";

/** By code, never by message text. Not here: quotas, clock skew, DNS and network failures, 5xx, which pass or are ours. */
const ownersFaults: ReadonlySet<string> = new Set([
  "S3_ACCESS_DENIED",
  "S3_BUCKET_NOT_FOUND",
  "S3_WRONG_REGION",
  "S3_ENCRYPTION_REFUSED",
  "S3_OBJECT_EXISTS",
  "EGRESS_BLOCKED",
  "EGRESS_INVALID_URL",
  "SINK_CREDENTIALS_REJECTED",
  "SINK_NOT_FOUND",
  "INTEGRATION_SETTINGS_INVALID",
]);

export const isOwnersFault = (code: ErrorCode): boolean => ownersFaults.has(code);

/** Attempts in a row that fail before the owner is told. */
export const failuresBeforeAlert = 3;
