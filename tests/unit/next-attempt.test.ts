import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode, errorTable } from "../../core/errors.ts";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { isOutage, nextAttempt } from "../../core/jobs/next-attempt.ts";

const codes = Object.keys(errorTable) as ErrorCode[];
const kinds = Object.keys(jobKinds) as JobKind[];
const accepted = kinds.filter((kind) => jobKinds[kind].durability === "accepted");

const decide = (kind: JobKind, code: ErrorCode, attempt: number) =>
  nextAttempt(new AppError({ code }), { kind, attempt, maxAttempts: 6, random: 0.5 }).decision;

describe("what was accepted for good", () => {
  it("is what comes in and what is to be deleted", () => expect(accepted).toEqual(["ingestion.merge", "ingestion.otel", "data.delete"]));

  it.each(accepted)("%s is never given up at the first failure, whatever it is", (kind) => {
    for (const code of codes) expect([code, decide(kind, code, 1)]).toEqual([code, "retry"]);
  });

  it.each(accepted)("%s outlives every outage, a missing migration and a server without room, and nothing else", (kind) => {
    const mendable: ErrorCode[] = ["CLICKHOUSE_QUERY_REJECTED", "CLICKHOUSE_QUERY_TOO_LARGE", "CLICKHOUSE_RESOURCES"];
    const outlived = codes.filter((code) => isOutage(new AppError({ code })) || mendable.includes(code));
    for (const attempt of [6, 7, 5000]) expect(codes.filter((code) => decide(kind, code, attempt) === "retry")).toEqual(outlived);
  });
});

it("an export ends at a failure that no retry mends, and at its last attempt", () => {
  for (const code of codes) {
    expect([code, decide("export.run", code, 1)]).toEqual([code, errorTable[code].retry === "never" ? "discard" : "retry"]);
    expect([code, decide("export.run", code, 6)]).toEqual([code, "discard"]);
  }
});

it("delays double up to ten minutes, and chance takes away half of one at most", () => {
  const delay = (attempt: number, random: number) => {
    const next = nextAttempt(new AppError({ code: "S3_UNAVAILABLE" }), { kind: "ingestion.merge", attempt, maxAttempts: 6, random });
    return next.decision === "retry" ? next.delaySeconds : undefined;
  };
  expect([1, 2, 3, 8, 5000].map((attempt) => delay(attempt, 1))).toEqual([5, 10, 20, 600, 600]);
  expect([1, 2, 3, 8, 5000].map((attempt) => delay(attempt, 0))).toEqual([2.5, 5, 10, 300, 300]);
});

it.each([
  [null, 1, 3.75],
  [2, 1, 3.75],
  [90, 1, 90],
  [90, 6, 120],
  [1_000_000, 1, 3600],
])("a service that asks for %s s is left alone at attempt %i for %d s", (retryAfterSeconds, attempt, delaySeconds) => {
  const error = new AppError({ code: "SINK_RATE_LIMITED", retryAfterSeconds });
  expect(nextAttempt(error, { kind: "integration.posthog", attempt, maxAttempts: 8, random: 0.5 })).toEqual({
    decision: "retry",
    delaySeconds,
  });
});
