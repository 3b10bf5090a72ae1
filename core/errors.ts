/**
 * The only error class and the only table of error codes.
 * HTTP status, retry decision and docs/errors.md derive from the table; nothing maps a status back to a code.
 */
import { authErrors } from "./auth-errors.ts";
import { type ErrorEntry, entry } from "./error-entry.ts";
import { integrationErrors } from "./integration-errors.ts";
import { limitErrors } from "./limit-errors.ts";
import { webhookErrors } from "./webhook-errors.ts";

export const errorTable = {
  INVALID_JSON: entry(400, "never", "caller", "The body is not valid JSON", "Send a JSON object with content-type application/json."),
  INVALID_REQUEST: entry(
    400,
    "never",
    "caller",
    "The request does not fit its schema",
    "Correct the fields listed in `errors`; the OpenAPI document shows the schema.",
  ),
  UNKNOWN_TABLE: entry(400, "never", "caller", "This table cannot be exported", "GET /api/public/export-tables lists the tables."),
  INVALID_FILTER: entry(
    400,
    "never",
    "caller",
    "The filter cannot be applied",
    "GET /api/public/export-tables/{table} lists the columns with their filter types and operators.",
  ),
  INVALID_ORDER_BY: entry(
    400,
    "never",
    "caller",
    "The order cannot be applied",
    "GET /api/public/export-tables/{table} lists the sortable columns.",
  ),
  INVALID_COLUMNS: entry(
    400,
    "never",
    "caller",
    "The column selection cannot be applied",
    "GET /api/public/export-tables/{table} lists the columns.",
  ),
  INVALID_CURSOR: entry(
    400,
    "never",
    "caller",
    "The cursor is not valid",
    "Use the nextCursor of the previous page, unchanged, or leave it out for the first page.",
  ),
  UNAUTHENTICATED: entry(
    401,
    "never",
    "caller",
    "No valid API key or session",
    "Send Basic auth publicKey:secretKey, or Bearer with the secret key. In the console, sign in.",
  ),
  API_KEY_EXPIRED: entry(401, "never", "caller", "This API key has expired", "Create a new key and use it."),
  FORBIDDEN_SCOPE: entry(
    403,
    "never",
    "caller",
    "The API key or role lacks the scope",
    "Use a key with the scope named in `detail`, whose owner has a role that includes it. In the console, ask an owner for such a role.",
  ),
  SCORE_OF_ANOTHER_KEY: entry(
    403,
    "never",
    "caller",
    "The score was created with another key",
    "A public key alone can change only scores it created. Send it with a secret key of the project, or under another id.",
  ),
  EXPORTS_DISABLED: entry(
    403,
    "never",
    "us",
    "Batch exports are switched off",
    "The operator sets LANGFUSE_S3_BATCH_EXPORT_ENABLED=true to switch them on.",
  ),
  INGESTION_DISABLED: entry(
    403,
    "never",
    "us",
    "Ingestion is switched off",
    "The operator sets LANGFUSE_S3_EVENT_UPLOAD_BUCKET and its keys to switch it on.",
  ),
  NOT_FOUND: entry(404, "never", "caller", "The project has no such object", "Check the id and that the key belongs to the right project."),
  METHOD_NOT_ALLOWED: entry(
    405,
    "never",
    "caller",
    "This method is not allowed here",
    "See the OpenAPI document for the methods of this path.",
  ),
  EXPORT_NOT_CANCELLABLE: entry(
    409,
    "never",
    "caller",
    "The export has already ended",
    "Only queued and running exports can be cancelled.",
  ),
  EXPORT_NOT_RETRYABLE: entry(409, "never", "caller", "The export cannot be retried", "Only failed and cancelled exports can be retried."),
  JOB_NOT_RETRYABLE: entry(
    409,
    "never",
    "caller",
    "The job is no dead letter",
    "Only jobs that GET /api/admin/dead-letters lists can be retried here; a failed export is retried by its own route.",
  ),
  EXPORT_NOT_READY: entry(409, "never", "caller", "The export has no file to download", "Wait until its status is COMPLETED."),
  EXPORT_EXPIRED: entry(410, "never", "caller", "The export's file has expired", "Retry the request as a new export."),
  PAYLOAD_TOO_LARGE: entry(413, "never", "caller", "The body is too large", "Send a smaller body; the limit is named in `detail`."),
  UNSUPPORTED_MEDIA_TYPE: entry(415, "never", "caller", "The body is not JSON", "Send content-type application/json."),
  ROUTE_NOT_FOUND: entry(404, "never", "caller", "There is no such route", "See /api/public/openapi.json for the routes."),
  INTERNAL: entry(500, "backoff", "us", "Something went wrong on our side", "Try again. If it persists, send us the request id."),
  DATABASE_UNAVAILABLE: entry(503, "backoff", "us", "The database does not answer", "Try again in a few seconds."),
  CLICKHOUSE_UNAVAILABLE: entry(
    503,
    "backoff",
    "provider",
    "ClickHouse does not answer, or cannot accept work now",
    "It is retried automatically. If it persists, check CLICKHOUSE_URL, the server and its disks.",
  ),
  CLICKHOUSE_QUERY_FAILED: entry(
    502,
    "backoff",
    "provider",
    "ClickHouse could not run the query",
    "It is retried automatically. `detail` names the ClickHouse error code.",
  ),
  CLICKHOUSE_QUERY_REJECTED: entry(
    422,
    "never",
    "us",
    "ClickHouse refused the query",
    "The table or one of its columns does not match; check CLICKHOUSE_EVENTS_TABLE and the migrations.",
  ),
  CLICKHOUSE_QUERY_TOO_LARGE: entry(
    422,
    "never",
    "caller",
    "The query is larger than ClickHouse accepts",
    'Name fewer columns in `query.columns`, use shorter filters, or ask for `"scores": "nested"`; the operator may raise max_query_size and max_ast_elements.',
  ),
  CLICKHOUSE_RESOURCES: entry(
    422,
    "backoff",
    "provider",
    "ClickHouse ran out of memory or time",
    "Narrow the time range or the filter, order by startTime, or raise the limits of the server.",
  ),
  CLICKHOUSE_STREAM_CUT: entry(
    502,
    "backoff",
    "provider",
    "The response from ClickHouse ended early",
    "It is retried automatically; nothing of it was delivered.",
  ),
  CLICKHOUSE_ACCESS_DENIED: entry(
    502,
    "never",
    "us",
    "ClickHouse refused our credentials",
    "The operator checks CLICKHOUSE_USER, CLICKHOUSE_PASSWORD and the grants.",
  ),
  S3_UNAVAILABLE: entry(
    503,
    "backoff",
    "provider",
    "The object store does not answer",
    "It is retried automatically. If it persists, check LANGFUSE_S3_BATCH_EXPORT_ENDPOINT.",
  ),
  S3_ACCESS_DENIED: entry(
    502,
    "never",
    "us",
    "The object store refused our credentials",
    "The operator checks the access key, the bucket policy and the clock.",
  ),
  S3_BUCKET_NOT_FOUND: entry(
    502,
    "never",
    "us",
    "The bucket does not exist",
    "The operator creates it or corrects LANGFUSE_S3_BATCH_EXPORT_BUCKET.",
  ),
  S3_ACCOUNT_LIMIT: entry(
    502,
    "never",
    "us",
    "The object store accepts no more data",
    "The operator frees space, raises the quota of the bucket or account, or contacts the provider; the message quotes the store.",
  ),
  S3_CHECKSUM_REFUSED: entry(
    502,
    "never",
    "us",
    "The object store does not accept checksum headers",
    "The operator sets LANGFUSE_S3_BATCH_EXPORT_CHECKSUM=none.",
  ),
  S3_ENCRYPTION_REFUSED: entry(
    502,
    "never",
    "us",
    "The object store refused the encryption",
    "The operator checks the variables that end in _SSE and _SSE_KMS_KEY_ID, the key, and the grants on it.",
  ),
  S3_WRONG_REGION: entry(
    502,
    "never",
    "us",
    "The bucket is in another region or at another endpoint",
    "The operator sets the store's region and endpoint as the message says.",
  ),
  S3_REJECTED: entry(502, "never", "us", "The object store refused the request", "The S3 error code is named in `detail`."),
  S3_CLOCK_SKEW: entry(
    502,
    "never",
    "us",
    "The runner's clock differs from the object store's",
    "The operator corrects the runner's clock.",
  ),
  UPLOAD_NOT_VERIFIED: entry(
    502,
    "backoff",
    "provider",
    "The uploaded file differs from what was sent",
    "It is retried automatically; the faulty object was removed.",
  ),
  EXPORT_COUNT_MISMATCH: entry(
    500,
    "backoff",
    "us",
    "The file does not contain the rows that were counted",
    "It is retried automatically; the faulty object was removed.",
  ),
  ANSWER_TOO_LARGE: entry(
    422,
    "never",
    "caller",
    "The response would be too large",
    "Ask for less: a smaller `limit`, or `fields` without `io`; read the observations of one trace in pages from /api/public/observations?traceId=…, or create an export for everything (POST /api/public/batch-exports).",
  ),
  EXPORT_TOO_LARGE: entry(422, "never", "caller", "The export is larger than one object can be", "Split it by time range."),
  COMMENT_FILTER_TOO_WIDE: entry(422, "never", "caller", "A comment filter matches too many ids", "Add filters that narrow it down."),
  TOO_MANY_COMMENTS: entry(
    422,
    "never",
    "caller",
    "Too many rows of the project have comments",
    "Leave the column out: list the columns you need in `query.columns`.",
  ),
  HASHING_DISABLED: entry(
    422,
    "never",
    "us",
    "This server has no key to hash with",
    "Use `drop` or `mask`, or ask your administrator to set ENCRYPTION_KEY.",
  ),
  MAIL_UNAVAILABLE: entry(
    502,
    "backoff",
    "provider",
    "The mail server cannot be reached",
    "It is retried automatically; the export is not affected.",
  ),
  MAIL_REJECTED: entry(
    502,
    "never",
    "provider",
    "The mail server refuses the mail",
    "Check the address of the user and EMAIL_FROM_ADDRESS.",
  ),
  EXPORT_NOT_DELETABLE: entry(409, "never", "caller", "A running export cannot be deleted", "Cancel it first."),
  MODEL_NOT_DELETABLE: entry(
    409,
    "never",
    "caller",
    "A default model cannot be deleted",
    "Create your own model that matches the name (POST /api/public/models): it takes precedence over the default.",
  ),
  TOO_MANY_MODELS: entry(
    422,
    "never",
    "caller",
    "The project has reached its limit of models",
    "Delete models that no longer price any call (DELETE /api/public/models/{id}).",
  ),
  EXPORT_TIMED_OUT: entry(504, "backoff", "us", "The export ran longer than allowed", "Split it by time range."),
  EXPORT_TOO_OLD: entry(410, "never", "us", "The export is too old to run", "Create it again, or re-run it."),
  RUNNER_LOST: entry(500, "backoff", "us", "The runner of this job was lost", "It is retried automatically on another runner."),
  ...authErrors,
  ...integrationErrors,
  ...limitErrors,
  ...webhookErrors,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** One fault in a request: `path` says where (`query.filter[0].operator`), `message` what is wrong there. */
export type FieldError = { path: string; message: string };

type AppErrorInit = {
  code: ErrorCode;
  /** Safe to show to the caller. Defaults to the code's title. */
  message?: string;
  /** For logs only; never sent to a caller. */
  detail?: string;
  fields?: FieldError[];
  /** How long the other side asks to be left alone; null if it does not say. */
  retryAfterSeconds?: number | null;
  cause?: unknown;
};

/** Every known failure. `message` is safe to show, `detail` is for logs. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly fields: FieldError[];
  readonly retryAfterSeconds: number | null;

  constructor({ code, message, detail, fields = [], retryAfterSeconds = null, cause }: AppErrorInit) {
    super(message ?? errorTable[code].title, cause === undefined ? undefined : { cause });
    this.name = "AppError";
    this.code = code;
    this.detail = detail;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Converts any thrown value to an AppError. An unknown failure becomes INTERNAL, with the foreign text in `detail` only. */
export const toAppError = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError({ code: "INTERNAL", detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error), cause: error });
