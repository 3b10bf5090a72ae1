import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  observationAggregateRow,
  scoreAggregateRow,
  traceAggregateRow,
  withdrawalAggregateRow,
} from "../../../core/ingestion/aggregate-rows.ts";

const written = {
  project_id: "p",
  id: "id",
  environment: "default",
  created_at: "2026-01-01 00:00:00.001",
  updated_at: "2026-01-01 00:00:00.002",
  event_ts: "2026-01-01 00:00:00.003",
};
const trace = { ...written, timestamp: "2026-01-01 00:00:00.000", metadata: { k: "v" }, tags: ["t"], public: false, bookmarked: true };
const observation = { ...written, trace_id: "t", start_time: "2026-01-01 00:00:01.000", usage_details: {}, cost_details: {} };
const score = { ...written, trace_id: "t", timestamp: "2026-01-02 00:00:00.000" };

const empty = {
  ...written,
  end_time: null,
  name: null,
  metadata: {},
  user_id: null,
  session_id: null,
  tags: [],
  version: null,
  release: null,
  bookmarked: null,
  public: null,
  observation_ids: [],
  score_ids: [],
  cost_details: {},
  usage_details: {},
  input: "",
  output: "",
};

describe("rows", () => {
  it("of a trace hold its values; what is absent or empty is null", () => {
    expect(traceAggregateRow({ ...trace, name: "", user_id: "u", session_id: null, input: "in" })).toEqual({
      ...empty,
      start_time: trace.timestamp,
      metadata: { k: "v" },
      user_id: "u",
      tags: ["t"],
      bookmarked: true,
      public: false,
      input: "in",
    });
  });

  it("of an observation and of a score hold only what they add to the trace", () => {
    expect(
      observationAggregateRow({
        ...observation,
        end_time: "2026-01-01 00:00:02.000",
        usage_details: { input: 0, total: 2 },
        cost_details: { total: "0.10" },
      }),
    ).toEqual({
      ...empty,
      id: "t",
      start_time: observation.start_time,
      end_time: "2026-01-01 00:00:02.000",
      observation_ids: ["id"],
      usage_details: { input: "0", total: "2" },
      cost_details: { total: "0.1" },
    });
    expect(scoreAggregateRow(score)).toEqual({ ...empty, id: "t", start_time: score.timestamp, score_ids: ["id"] });
    expect(scoreAggregateRow(score, trace.timestamp)?.start_time).toBe(trace.timestamp);
  });

  it.each([undefined, null, ""])("of what belongs to no trace (%j) do not exist", (trace_id) => {
    expect(observationAggregateRow({ ...observation, trace_id })).toBeUndefined();
    expect(scoreAggregateRow({ ...score, trace_id })).toBeUndefined();
  });
});

describe("differences", () => {
  const kinds = fc.constantFrom("total", "input", "__proto__", "constructor");
  const usage = fc.dictionary(kinds, fc.bigInt(0n, 2n ** 64n - 1n).map(String));
  const cost = fc.dictionary(
    kinds,
    fc.tuple(fc.nat(999_999), fc.nat(10 ** 12 - 1)).map(([whole, part]) => `${whole}.${String(part).padStart(12, "0")}`),
  );
  const scaled = (text: string | undefined) => {
    const [whole = "0", part = ""] = (text ?? "0").replace("-", "").split(".");
    return BigInt(whole + part.padEnd(12, "0")) * (text?.startsWith("-") ? -1n : 1n);
  };
  const entryOf = (map: Record<string, unknown>, kind: string) => (Object.hasOwn(map, kind) ? String(map[kind]) : undefined);

  it("added to what was counted give what is, for every kind", () => {
    fc.assert(
      fc.property(usage, usage, cost, cost, (usageDetails, usage_details, costDetails, cost_details) => {
        const row = observationAggregateRow({ ...observation, usage_details, cost_details }, { usageDetails, costDetails });
        if (row === undefined) throw new Error("no row");
        for (const kind of ["total", "input", "__proto__", "constructor"]) {
          const sum = BigInt(entryOf(usageDetails, kind) ?? 0) + BigInt(entryOf(row.usage_details, kind) ?? 0);
          expect(sum % 2n ** 64n).toBe(BigInt(entryOf(usage_details, kind) ?? 0));
          expect(scaled(entryOf(costDetails, kind)) + scaled(entryOf(row.cost_details, kind))).toBe(scaled(entryOf(cost_details, kind)));
        }
      }),
    );
  });

  it("are nothing when nothing has changed, and everything negated when it is withdrawn", () => {
    const now = { usage_details: { total: 3 }, cost_details: { total: 1e-7 } };
    const counted = { usageDetails: { total: "3" }, costDetails: { total: "0.000000100000" } };
    expect(observationAggregateRow({ ...observation, ...now }, counted)).toMatchObject({
      usage_details: {},
      cost_details: {},
      observation_ids: ["id"],
    });
    expect(withdrawalAggregateRow({ ...observation, ...now }, counted)).toMatchObject({
      usage_details: { total: String(2n ** 64n - 3n) },
      cost_details: { total: "-0.0000001" },
    });
  });

  it.each([
    { usage_details: { total: -1 } },
    { usage_details: { total: 1.5 } },
    { usage_details: { total: "18446744073709551616" } },
    { cost_details: { total: "1e3" } },
    { cost_details: { total: Number.NaN } },
  ])("refuse %j", (wrong) => {
    expect(() => observationAggregateRow({ ...observation, ...wrong })).toThrow(/./);
  });
});
