/** Decides what follows a failed attempt. Pure: randomness is an argument. */
import { type AppError, type ErrorCode, errorTable } from "../errors.ts";
import { type JobKind, jobKinds } from "./kinds.ts";

const baseSeconds = 5;
const delaySecondsMax = 600;
/** A service that asks for more is asked again all the same. */
const retryAfterSecondsMax = 3600;

/** Delay before the next attempt: 5 s doubled with each attempt, at most 10 min. `attempt` counts from 1. */
const baseDelaySeconds = (attempt: number): number => Math.min(delaySecondsMax, baseSeconds * 2 ** (attempt - 1));

/** Spreads a delay over its upper half; `random` is in [0, 1). */
const withJitter = (delaySeconds: number, random: number): number => delaySeconds * (0.5 + random / 2);

/** Delay after a number of consecutive failures, for work that is never given up. */
export const retryDelaySeconds = (failures: number, random: number): number => withJitter(baseDelaySeconds(failures), random);

/** Errors that end once a service or its access is repaired. Until then, any other job would fail too. */
const outages: ReadonlySet<ErrorCode> = new Set([
  "DATABASE_UNAVAILABLE",
  "CLICKHOUSE_UNAVAILABLE",
  "CLICKHOUSE_ACCESS_DENIED",
  "S3_UNAVAILABLE",
  "S3_ACCESS_DENIED",
  "S3_BUCKET_NOT_FOUND",
  "S3_CLOCK_SKEW",
  "S3_ACCOUNT_LIMIT",
  "S3_ENCRYPTION_REFUSED",
  "S3_WRONG_REGION",
]);

export const isOutage = (error: AppError): boolean => outages.has(error.code);

/**
 * Statements that write rows are fixed. One that does not match the schema waits for a migration; one that exceeds the server's resources
 * waits for free ones or a higher limit.
 */
const mendable: ReadonlySet<ErrorCode> = new Set(["CLICKHOUSE_QUERY_REJECTED", "CLICKHOUSE_QUERY_TOO_LARGE", "CLICKHOUSE_RESOURCES"]);
const isMendable = (error: AppError): boolean => isOutage(error) || mendable.has(error.code);

type NextAttempt = { decision: "discard" } | { decision: "retry"; delaySeconds: number };

export const nextAttempt = (
  error: AppError,
  { kind, attempt, maxAttempts, random }: { kind: JobKind; attempt: number; maxAttempts: number; random: number },
): NextAttempt => {
  const isGivenUp =
    jobKinds[kind].durability === "accepted"
      ? attempt >= maxAttempts && !isMendable(error)
      : attempt >= maxAttempts || errorTable[error.code].retry === "never";
  if (isGivenUp) return { decision: "discard" };
  const asked = Math.min(error.retryAfterSeconds ?? 0, retryAfterSecondsMax);
  return { decision: "retry", delaySeconds: Math.max(withJitter(baseDelaySeconds(attempt), random), asked) };
};
