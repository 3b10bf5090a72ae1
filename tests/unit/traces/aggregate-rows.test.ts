import { describe, expect, it } from "vitest";
import { observationAggregateRow, scoreAggregateRow, traceAggregateRow } from "../../../core/ingestion/aggregate-rows.ts";

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
      usage_details: { input: 0, total: 2 },
      cost_details: { total: "0.10" },
    });
    expect(scoreAggregateRow(score)).toEqual({ ...empty, id: "t", start_time: score.timestamp, score_ids: ["id"] });
  });

  it.each([undefined, null, ""])("of what belongs to no trace (%j) do not exist", (trace_id) => {
    expect(observationAggregateRow({ ...observation, trace_id })).toBeUndefined();
    expect(scoreAggregateRow({ ...score, trace_id })).toBeUndefined();
  });
});
