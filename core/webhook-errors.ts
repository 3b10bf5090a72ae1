/** Error codes of webhooks: their endpoints and what becomes of a delivery. Part of the table in core/errors.ts. */
import { type ErrorEntry, entry } from "./error-entry.ts";

export const webhookErrors = {
  TOO_MANY_WEBHOOK_ENDPOINTS: entry(
    422,
    "never",
    "caller",
    "The project has reached its limit of webhook endpoints",
    "Delete endpoints that are no longer used.",
  ),
  WEBHOOK_ENDPOINT_DISABLED: entry(
    409,
    "never",
    "caller",
    "The webhook endpoint is switched off",
    "Enable it first: PATCH /api/public/webhook-endpoints/{id} with `enabled: true`. Then redeliver what failed meanwhile.",
  ),
  WEBHOOK_REFUSED: entry(
    502,
    "backoff",
    "customer",
    "The webhook endpoint did not answer 2xx",
    "It is retried automatically. The delivery's attempts show the answer.",
  ),
  WEBHOOK_REDIRECTED: entry(
    502,
    "backoff",
    "customer",
    "The webhook endpoint redirects",
    "Redirects are not followed: change the endpoint's URL to the address that it redirects to.",
  ),
  WEBHOOK_GONE: entry(
    502,
    "never",
    "customer",
    "The webhook endpoint answered 410 Gone",
    "Correct the URL or the receiver, then enable the endpoint again.",
  ),
  WEBHOOK_TIMED_OUT: entry(
    504,
    "backoff",
    "customer",
    "The webhook endpoint did not answer in time",
    "It is retried automatically. Answer first and work afterwards.",
  ),
  WEBHOOK_FAILING: entry(
    502,
    "never",
    "customer",
    "Every attempt has failed for days",
    "Repair the receiver, try it with a test send, enable the endpoint, and redeliver what failed.",
  ),
} as const satisfies Record<string, ErrorEntry>;
