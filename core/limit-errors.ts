/** Error codes of limits, Idempotency-Keys and API keys. Part of the table in core/errors.ts. */
import { type ErrorEntry, entry } from "./error-entry.ts";

export const limitErrors = {
  RATE_LIMITED: entry(
    429,
    "backoff",
    "caller",
    "Too many requests with this API key",
    "Wait as long as Retry-After says. To read many rows, create an export (POST /api/public/batch-exports): one request gives one file.",
  ),
  QUOTA_EXCEEDED: entry(
    429,
    "backoff",
    "caller",
    "A quota of the project is used up",
    "Wait as long as Retry-After says, or ask for less. GET /api/public/limits shows all quotas; the operator can raise them.",
  ),
  EXPORT_EXCEEDS_QUOTA: entry(
    422,
    "never",
    "caller",
    "The export is larger than a quota of the project",
    "Split it by time range, choose fewer columns, or ask the operator for a larger quota.",
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    422,
    "never",
    "caller",
    "This Idempotency-Key was used with another request",
    "Use a new key for a new request.",
  ),
  IDEMPOTENCY_KEY_IN_FLIGHT: entry(
    409,
    "backoff",
    "caller",
    "The first request with this Idempotency-Key is still under way",
    "Send the same request again after Retry-After: it gets the answer of the first.",
  ),
  SCOPE_NOT_HELD: entry(
    403,
    "never",
    "caller",
    "A key cannot hand out rights that it does not have",
    "Ask only for scopes of your own key, and for an expiry no later than its own.",
  ),
  TOO_MANY_API_KEYS: entry(422, "never", "caller", "The project has reached its limit of API keys", "Revoke keys that are no longer used."),
} as const satisfies Record<string, ErrorEntry>;
