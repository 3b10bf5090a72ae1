/**
 * Configuration: Langfuse's variables, sorted into those read here, those that must not be set because ignoring them would change what is
 * safe or kept, and those ignored.
 * From packages/shared/src/env.ts, worker/src/env.ts and web/src/env.mjs of github.com/langfuse/langfuse (read 2026-11).
 */

/** Read by the Worker, the runner or both. */
export const supportedVariables = [
  "LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES",
  "LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_HOST",
  "LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IPS",
  "LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IP_SEGMENTS",
  "LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS",
  "LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES",
  "LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES",
  "LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT",
  "LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM",
  "LANGFUSE_EXPERIMENT_SAMPLING_RATE",
  "LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES",
  "LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS",
  "LANGFUSE_INGESTION_CLICKHOUSE_WRITE_BATCH_SIZE",
  "LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS",
  "LANGFUSE_INGESTION_QUEUE_PROCESSING_CONCURRENCY",
  "LANGFUSE_MAX_OBSERVATIONS_PER_TRACE",
  "LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID",
  "LANGFUSE_S3_BATCH_EXPORT_BUCKET",
  "LANGFUSE_S3_BATCH_EXPORT_CHECKSUM",
  "LANGFUSE_S3_BATCH_EXPORT_ENABLED",
  "LANGFUSE_S3_BATCH_EXPORT_ENDPOINT",
  "LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT",
  "LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE",
  "LANGFUSE_S3_BATCH_EXPORT_PREFIX",
  "LANGFUSE_S3_BATCH_EXPORT_REGION",
  "LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY",
  "LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN",
  "LANGFUSE_S3_BATCH_EXPORT_SSE",
  "LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID",
  "LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES",
  "LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID",
  "LANGFUSE_S3_EVENT_UPLOAD_BUCKET",
  "LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT",
  "LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE",
  "LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED",
  "LANGFUSE_S3_EVENT_UPLOAD_PREFIX",
  "LANGFUSE_S3_EVENT_UPLOAD_REGION",
  "LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY",
  "LANGFUSE_S3_EVENT_UPLOAD_SESSION_TOKEN",
  "LANGFUSE_S3_EVENT_UPLOAD_SSE",
  "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID",
  "LANGFUSE_WEBHOOK_TIMEOUT_MS",
  "LANGFUSE_WEBHOOK_WHITELISTED_HOST",
  "LANGFUSE_WEBHOOK_WHITELISTED_IPS",
  "LANGFUSE_WEBHOOK_WHITELISTED_IP_SEGMENTS",
] as const;

/** Refused if set to anything but `isOff`; `why` explains the refusal. */
const refusedVariables: Readonly<Record<string, { why: string; isOff?: string }>> = {
  LANGFUSE_USE_AZURE_BLOB: { why: "files would not go to the store it names; only S3-compatible stores are supported", isOff: "false" },
  LANGFUSE_USE_GOOGLE_CLOUD_STORAGE: {
    why: "files would not go where it says; Google Cloud Storage is supported by its S3-compatible endpoint with HMAC keys",
    isOff: "false",
  },
  LANGFUSE_GOOGLE_CLOUD_STORAGE_CREDENTIALS: { why: "these credentials are not used; HMAC keys and an endpoint are" },
  LANGFUSE_INGESTION_MASKING_CALLBACK_URL: { why: "nothing would be masked before it is stored" },
  LANGFUSE_INGESTION_MASKING_CALLBACK_FAIL_CLOSED: { why: "nothing would be masked before it is stored", isOff: "false" },
  LANGFUSE_TRACE_DELETE_SKIP_PROJECT_IDS: { why: "traces of these projects would be deleted when asked for" },
  LANGFUSE_S3_EVENT_UPLOAD_ENABLED: {
    why: "events are always kept; without LANGFUSE_S3_EVENT_UPLOAD_BUCKET none are taken",
    isOff: "true",
  },
};

/** Used by Langfuse but without effect here: names, or prefixes that end in `_`. */
const ignoredVariables = [
  "LANGFUSE_AI_FEATURES_",
  "LANGFUSE_ALLOWED_ORGANIZATION_CREATORS",
  "LANGFUSE_API_CLICKHOUSE_",
  "LANGFUSE_ASYNC_",
  "LANGFUSE_AWS_BEDROCK_REGION",
  "LANGFUSE_AZURE_SKIP_CONTAINER_CHECK",
  "LANGFUSE_BACKGROUND_MIGRATION_",
  "LANGFUSE_BATCH_DATA_RETENTION_CLEANER_",
  "LANGFUSE_BATCH_PROJECT_CLEANER_",
  "LANGFUSE_BATCH_PROJECT_MEDIA_CLEANER_",
  "LANGFUSE_BATCH_TRACE_DELETION_CLEANER_",
  "LANGFUSE_BLOB_STORAGE_",
  "LANGFUSE_CACHE_",
  "LANGFUSE_CLICKHOUSE_",
  "LANGFUSE_CLOUD_",
  "LANGFUSE_CODE_EVAL_",
  "LANGFUSE_CSP_ENFORCE_HTTPS",
  "LANGFUSE_CUSTOM_SSO_",
  "LANGFUSE_DATASET_",
  "LANGFUSE_DEFAULT_",
  "LANGFUSE_DELETE_BATCH_SIZE",
  "LANGFUSE_DISABLE_EXPENSIVE_POSTGRES_QUERIES",
  "LANGFUSE_EE_LICENSE_KEY",
  "LANGFUSE_ENABLE_BACKGROUND_MIGRATIONS",
  "LANGFUSE_ENABLE_BLOB_STORAGE_FILE_LOG",
  "LANGFUSE_ENABLE_EXPERIMENTAL_FEATURES",
  "LANGFUSE_ENABLE_REDIS_SEEN_EVENT_CACHE",
  "LANGFUSE_ENTITY_CHANGE_",
  "LANGFUSE_EVAL_",
  "LANGFUSE_EVENT_PROPAGATION_",
  "LANGFUSE_EXPERIMENT_BACKFILL_",
  "LANGFUSE_EXPERIMENT_CREATOR_WORKER_CONCURRENCY",
  "LANGFUSE_EXPERIMENT_EVENT_PROPAGATION_PARTITION_DELAY_MINUTES",
  "LANGFUSE_FETCH_LLM_COMPLETION_TIMEOUT_MS",
  "LANGFUSE_FREE_TIER_",
  "LANGFUSE_IN_APP_AGENT_",
  "LANGFUSE_INGESTION_BUFFER_TTL_SECONDS",
  "LANGFUSE_INGESTION_CLICKHOUSE_MAX_ATTEMPTS",
  "LANGFUSE_INGESTION_CLICKHOUSE_WRITE_INTERVAL_MS",
  "LANGFUSE_INGESTION_MASKING_",
  "LANGFUSE_INGESTION_QUEUE_",
  "LANGFUSE_INGESTION_SECONDARY_QUEUE_",
  "LANGFUSE_INIT_",
  "LANGFUSE_LLM_AS_JUDGE_",
  "LANGFUSE_LOG_FORMAT",
  "LANGFUSE_LOG_LEVEL",
  "LANGFUSE_LOG_PROPAGATED_HEADERS",
  "LANGFUSE_MAX_HISTORIC_EVAL_CREATION_LIMIT",
  "LANGFUSE_MCP_",
  "LANGFUSE_MEDIA_",
  "LANGFUSE_MIGRATION_V4_",
  "LANGFUSE_MIXPANEL_",
  "LANGFUSE_MONITOR_",
  "LANGFUSE_NEW_USER_SIGNUP_WEBHOOK",
  "LANGFUSE_OBSERVATION_FIELD_",
  "LANGFUSE_OTEL_",
  "LANGFUSE_POSTGRES_METERING_DATA_EXPORT_IS_ENABLED",
  "LANGFUSE_POSTHOG_",
  "LANGFUSE_PROJECT_DELETE_CONCURRENCY",
  "LANGFUSE_QUEUE_",
  "LANGFUSE_RATE_LIMITS_ENABLED",
  "LANGFUSE_S3_CONCURRENT_",
  "LANGFUSE_S3_CORE_DATA_",
  "LANGFUSE_S3_LIST_MAX_KEYS",
  "LANGFUSE_S3_MEDIA_UPLOAD_",
  "LANGFUSE_S3_RATE_ERROR_",
  "LANGFUSE_SCORE_DELETE_CONCURRENCY",
  "LANGFUSE_SECONDARY_",
  "LANGFUSE_SERVER_SIDE_IO_CHAR_LIMIT",
  "LANGFUSE_SKIP_",
  "LANGFUSE_TEAM_SLACK_WEBHOOK",
  "LANGFUSE_TOKEN_COUNT_WORKER_POOL_SIZE",
  "LANGFUSE_TOPICS_",
  "LANGFUSE_TRACE_",
  "LANGFUSE_UI_",
  "LANGFUSE_WEBHOOK_",
  "LANGFUSE_WORKER_",
] as const;

/** Variables of the SDKs, which applications in the same environment read. */
const variablesOfSdks = new Set([
  "LANGFUSE_PUBLIC_KEY",
  "LANGFUSE_SECRET_KEY",
  "LANGFUSE_HOST",
  "LANGFUSE_BASE_URL",
  "LANGFUSE_BASEURL",
  "LANGFUSE_DEBUG",
  "LANGFUSE_ENVIRONMENT",
  "LANGFUSE_TRACING_ENVIRONMENT",
  "LANGFUSE_TRACING_ENABLED",
  "LANGFUSE_RELEASE",
  "LANGFUSE_SAMPLE_RATE",
  "LANGFUSE_FLUSH_AT",
  "LANGFUSE_FLUSH_INTERVAL",
  "LANGFUSE_TIMEOUT",
]);

/** Problems prevent the start, warnings do not; both name the variable, never its value. An empty value counts as unset. */
export const checkLangfuseVariables = (given: Readonly<Record<string, unknown>>): { problems: string[]; warnings: string[] } => {
  const problems: string[] = [];
  const warnings: string[] = [];
  const supported = new Set<string>(supportedVariables);
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith("LANGFUSE_") || typeof value !== "string" || value === "" || supported.has(name) || variablesOfSdks.has(name))
      continue;
    const refused = Object.hasOwn(refusedVariables, name) ? refusedVariables[name] : undefined;
    if (refused !== undefined) {
      if (value.toLowerCase() !== refused.isOff) problems.push(`${name}: not supported, and ${refused.why}`);
    } else if (
      ignoredVariables.some((known) => (known.endsWith("_") ? name.startsWith(known) && distanceToSupported(name) > 2 : name === known))
    )
      warnings.push(`${name}: has no effect here`);
    else {
      const near = nearestSupported(name);
      warnings.push(`${name}: unknown${near === undefined ? "" : `; did you mean ${near}?`}`);
    }
  }
  return { problems, warnings };
};

const distanceToSupported = (name: string): number => Math.min(...supportedVariables.map((known) => editDistance(name, known)));

const nearestSupported = (name: string): string | undefined => {
  const [near] = supportedVariables
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .toSorted((a, b) => a.distance - b.distance);
  return near !== undefined && near.distance <= 4 ? near.known : undefined;
};

/** Levenshtein distance: insertions, deletions and replacements. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
};
