import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseTraceSource } from "../../../core/traces/choose-trace-source.ts";
import { TraceExperimentEnv, traceExperimentFlags } from "../../../core/traces/experiment-env.ts";
import {
  type ComparedRead,
  type Comparison,
  compareWith,
  isSame,
  measureAndReturn,
  type TraceExperiment,
} from "../../../core/traces/measure-and-return.ts";

const dayMs = 24 * 3600 * 1000;
const now = new Date("2026-03-31T12:00:00.000Z");
const ago = (ms: number) => new Date(now.getTime() - ms);

describe("the source of a read", () => {
  it.each([
    [null, "traces_all_amt"],
    [ago(-dayMs), "traces_7d_amt"],
    [ago(0), "traces_7d_amt"],
    [ago(6 * dayMs), "traces_7d_amt"],
    [ago(6 * dayMs + 1), "traces_30d_amt"],
    [ago(29 * dayMs), "traces_30d_amt"],
    [ago(29 * dayMs + 1), "traces_all_amt"],
    [new Date(0), "traces_all_amt"],
  ])("from %s is %s", (from, table) => {
    expect(chooseTraceSource({ from, now, flags: { aggregateTables: [] } })).toBe(table);
  });

  it("is the one that has everything where the smallest may not be read", () => {
    const flags = { aggregateTables: ["traces_30d_amt"] as const };
    expect(chooseTraceSource({ from: ago(dayMs), now, flags })).toBe("traces_all_amt");
    expect(chooseTraceSource({ from: ago(20 * dayMs), now, flags })).toBe("traces_30d_amt");
    expect(chooseTraceSource({ from: null, now, flags })).toBe("traces_all_amt");
  });

  it("never loses rows before the read has ended", () => {
    const kept = { traces_7d_amt: 7, traces_30d_amt: 30, traces_all_amt: Number.POSITIVE_INFINITY };
    fc.assert(
      fc.property(fc.integer({ min: -dayMs, max: 100 * dayMs }), (ageMs) => {
        const from = ago(ageMs);
        const expires = Math.floor(from.getTime() / dayMs) + kept[chooseTraceSource({ from, now, flags: { aggregateTables: [] } })];
        // Rows go at the midnight that begins the day after so many days.
        expect(expires * dayMs).toBeGreaterThan(now.getTime());
      }),
    );
  });
});

const flagsOf = (env: Record<string, string>) => traceExperimentFlags(TraceExperimentEnv.parse(env));

describe("the switches", () => {
  it("are off by default, with a tenth of the reads sampled", () => {
    expect(flagsOf({})).toEqual({
      isComparing: false,
      samplingRate: 0.1,
      projectIds: [],
      returns: "traces",
      resultsInReportProjectIds: [],
      aggregateTables: [],
    });
  });

  it("are read from the variables", () => {
    expect(
      flagsOf({
        LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: "true",
        LANGFUSE_EXPERIMENT_SAMPLING_RATE: "0.5",
        LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS: " a, b ,,a",
        LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true",
        LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS: "c",
        LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES: "traces_all_amt,traces_7d_amt",
      }),
    ).toEqual({
      isComparing: true,
      samplingRate: 0.5,
      projectIds: ["a", "b"],
      returns: "aggregate_of_last_30_days",
      resultsInReportProjectIds: ["c"],
      aggregateTables: ["traces_all_amt", "traces_7d_amt"],
    });
  });

  it.each([
    ["LANGFUSE_EXPERIMENT_SAMPLING_RATE", "1.1"],
    ["LANGFUSE_EXPERIMENT_SAMPLING_RATE", "much"],
    ["LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT", "yes"],
    ["LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES", "traces"],
  ])("refuse %s=%s", (name, value) => {
    expect(TraceExperimentEnv.safeParse({ [name]: value }).error?.issues.map(({ path }) => path[0])).toEqual([name]);
  });
});

const experimentOf = (env: Record<string, string> = {}, random = 0) => {
  const reports: ComparedRead[] = [];
  const deferred: Promise<void>[] = [];
  let clock = 0;
  const experiment: TraceExperiment = {
    flags: flagsOf({ LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: "true", ...env }),
    now: () => now,
    seconds: () => clock++,
    random: () => random,
    report: (report) => reports.push(report),
    defer: (work) => deferred.push(work),
  };
  return { experiment, reports, deferred };
};
const read = { operation: "read", projectId: "p", from: null };

describe("a read", () => {
  it.each<[string, Record<string, string>, number, string | null, string | null]>([
    ["below the sampling rate", {}, 0.09, "p", "traces_all_amt"],
    ["at the sampling rate", {}, 0.1, "p", null],
    ["when nothing is sampled", { LANGFUSE_EXPERIMENT_SAMPLING_RATE: "0" }, 0, "p", null],
    ["when everything is sampled", { LANGFUSE_EXPERIMENT_SAMPLING_RATE: "1" }, 0.999, "p", "traces_all_amt"],
    ["of a listed project", { LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS: "q,p" }, 0, "p", "traces_all_amt"],
    ["of a project that is not listed", { LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS: "q" }, 0, "p", null],
    ["across projects where some are listed", { LANGFUSE_EXPERIMENT_WHITELISTED_PROJECT_IDS: "q" }, 0, null, null],
    ["across projects", {}, 0, null, "traces_all_amt"],
    ["when comparing is off", { LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: "false" }, 0, "p", null],
  ])("%s is compared as the switches say", (_, env, random, projectId, table) => {
    expect(compareWith(experimentOf(env, random).experiment, { ...read, projectId })).toBe(table);
  });
});

describe("a compared read", () => {
  type Answers = { traces: unknown; aggregate: unknown };
  const ask = (env: Record<string, string>, from: Date | null, answers: Answers, comparison?: Comparison<unknown>) => {
    const { experiment, reports, deferred } = experimentOf(env);
    const answer = measureAndReturn(
      experiment,
      { ...read, from },
      "traces_all_amt",
      async (source) => {
        const value = await (source === "traces" ? answers.traces : answers.aggregate);
        if (value instanceof Error) throw value;
        return value;
      },
      comparison,
    );
    return { answer, reported: () => Promise.all(deferred).then(() => reports) };
  };
  const differing = { traces: [1], aggregate: [2] };
  const returnsNew = { LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: "true" };
  const never = new Promise<never>(() => {});

  it.each<[Record<string, string>, Date | null, "traces" | "aggregate"]>([
    [{}, null, "traces"],
    [returnsNew, null, "aggregate"],
    [{ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true" }, ago(30 * dayMs), "aggregate"],
    [{ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true" }, ago(30 * dayMs + 1), "traces"],
    [{ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true" }, null, "traces"],
  ])("with %j from %s returns the answer of %s and reports which", async (env, from, returned) => {
    const { answer, reported } = ask(env, from, differing);
    expect(await answer).toBe(differing[returned]);
    expect(await reported()).toEqual([
      {
        operation: "read",
        projectId: "p",
        source: "traces_all_amt",
        tracesSeconds: 2,
        aggregateSeconds: 2,
        isEqual: false,
        returned,
        failure: null,
      },
    ]);
  });

  it("waits for the answer that is returned, and for no other", async () => {
    expect(await ask({}, null, { traces: [1], aggregate: never }).answer).toEqual([1]);
    expect(await ask(returnsNew, null, { traces: never, aggregate: [2] }).answer).toEqual([2]);
  });

  it("reports both answers of listed projects only", async () => {
    const { reported } = ask({ LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS: "p" }, null, differing);
    expect((await reported())[0]?.results).toEqual(differing);
  });

  it("returns the answer of traces when the aggregate fails, and its own failure", async () => {
    const failure = new Error("aggregate");
    const { answer, reported } = ask(returnsNew, null, { traces: [1], aggregate: failure });
    expect(await answer).toEqual([1]);
    expect(await reported()).toMatchObject([{ isEqual: false, aggregateSeconds: null, returned: "traces", failure }]);
    const failed = ask({}, null, { traces: new Error("traces"), aggregate: [1] });
    await expect(failed.answer).rejects.toThrow("traces");
    expect(await failed.reported()).toMatchObject([{ isEqual: false, tracesSeconds: null, failure: { message: "traces" } }]);
    await expect(ask(returnsNew, null, { traces: new Error("traces"), aggregate: failure }).answer).rejects.toThrow("traces");
  });

  it("is compared by what can be compared, and the answer that is not returned is closed", async () => {
    for (const [env, unread] of [
      [{}, "b"],
      [returnsNew, "a"],
    ] as const) {
      const released: unknown[] = [];
      const comparison: Comparison<unknown> = {
        view: (answer) => ({ value: String(answer) }),
        release: async (answer) => void released.push(answer),
      };
      const { reported } = ask(
        env,
        null,
        { traces: { toString: () => "same", id: "a" }, aggregate: { toString: () => "same", id: "b" } },
        comparison,
      );
      expect(await reported()).toMatchObject([{ isEqual: true }]);
      expect(released).toMatchObject([{ id: unread }]);
    }
    const { reported } = ask({}, null, { traces: 1, aggregate: 1 }, { view: () => null, release: async () => {} });
    expect(await reported()).toMatchObject([{ isEqual: false }]);
  });
});

describe("answers", () => {
  it("are the same as their copies, in whatever order their entries are, and as nothing else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const shuffled = (value: unknown): unknown =>
          Array.isArray(value)
            ? value.map(shuffled)
            : typeof value === "object" && value !== null
              ? Object.fromEntries(
                  Object.entries(value)
                    .toReversed()
                    .map(([key, entry]) => [key, shuffled(entry)]),
                )
              : value;
        expect(isSame(a, shuffled(a))).toBe(true);
        expect(isSame([a], [a, b])).toBe(false);
        expect(isSame({ a }, { a, b })).toBe(false);
      }),
    );
  });

  it.each([
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: null }, {}],
    [{ a: undefined }, { b: undefined }],
    [[], {}],
    [null, {}],
    ["1", 1],
    [new Date(1), new Date(2)],
  ])("%j and %j differ", (a, b) => {
    expect(isSame(a, b)).toBe(false);
  });
});
