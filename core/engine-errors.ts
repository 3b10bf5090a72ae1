/** Codes that the adapters of the engines give. The adapters' tables are typed by these lists; routes that ask an engine document them. */
import type { ErrorCode } from "./errors.ts";

export const clickhouseErrorCodes = [
  "CLICKHOUSE_UNAVAILABLE",
  "CLICKHOUSE_QUERY_FAILED",
  "CLICKHOUSE_QUERY_REJECTED",
  "CLICKHOUSE_QUERY_TOO_LARGE",
  "CLICKHOUSE_RESOURCES",
  "CLICKHOUSE_ACCESS_DENIED",
] as const satisfies readonly ErrorCode[];
export type ClickHouseErrorCode = (typeof clickhouseErrorCodes)[number];

export const objectStoreErrorCodes = [
  "S3_UNAVAILABLE",
  "S3_ACCESS_DENIED",
  "S3_BUCKET_NOT_FOUND",
  "S3_ACCOUNT_LIMIT",
  "S3_CHECKSUM_REFUSED",
  "S3_ENCRYPTION_REFUSED",
  "S3_WRONG_REGION",
  "S3_CLOCK_SKEW",
  "S3_REJECTED",
] as const satisfies readonly ErrorCode[];
export type ObjectStoreErrorCode = (typeof objectStoreErrorCodes)[number];
