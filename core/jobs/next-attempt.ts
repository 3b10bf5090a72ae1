/** Decides what follows a failed attempt. Pure: chance is an argument. */
import { type AppError, type ErrorCode, errorTable } from "../errors.ts";
import { type JobKind, jobKinds } from "./kinds.ts";

const baseSeconds = 5;
const delaySecondsMax = 600;

/** Delay before the next attempt: 5 s doubled with each attempt, at most 10 min. `attempt` counts from 1. */
const baseDelaySeconds = (attempt: number): number => Math.min(delaySecondsMax, baseSeconds * 2 ** (attempt - 1));

/** Spreads a delay over its upper half; `random` is in [0, 1). */
const withJitter = (delaySeconds: number, random: number): number => delaySeconds * (0.5 + random / 2);

/** Delay after so many failures in a row, for what is never given up. */
export const retryDelaySeconds = (failures: number, random: number): number => withJitter(baseDelaySeconds(failures), random);

/** Over when somebody mends a service or its access; until then no other job could do better. */
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

/** Statements that write rows are fixed: one that does not fit waits for a migration. One that the server has no room for waits until others have less of it, or for a higher bound. */
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
  return isGivenUp ? { decision: "discard" } : { decision: "retry", delaySeconds: withJitter(baseDelaySeconds(attempt), random) };
};
