/** Times of spans, their events and their first token, in the units senders send them in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstTokenEventNames, firstTokenNames } from "../../../core/otel/first-token-names.ts";
import { instantOfNanos } from "../../../core/otel/span-times.ts";
import { mapJson, startTime } from "./mapped-json.ts";

describe("a time sent as nanoseconds", () => {
  it.each([
    ["milliseconds", "1795341600000", "2026-11-22T10:00:00.000000Z"],
    ["seconds", "1795341600", "2026-11-22T10:00:00.000000Z"],
    ["microseconds", "1795341600123456", "2026-11-22T10:00:00.123456Z"],
    ["nanoseconds", "1795341600123456789", "2026-11-22T10:00:00.123456Z"],
    ["nanoseconds of 1970", "1000", "1970-01-01T00:00:00.000001Z"],
    ["nanoseconds of 1973", "100000000000000000", "1973-03-03T09:46:40.000000Z"],
    ["seconds before 2001, which none send", "999999999", "1970-01-01T00:00:00.999999Z"],
    ["seconds after 2149, which events may not have", "9999999999", "1970-01-01T00:00:09.999999Z"],
  ])("that is %s is read as such", (_, sent, instant) => {
    expect(instantOfNanos(BigInt(sent))).toBe(instant);
  });

  it("is the same instant in whichever unit it is sent", () => {
    const instants = fc.integer({ min: 1_000_000_000, max: 5_662_310_399 });
    fc.assert(
      fc.property(instants, (seconds) => {
        const sent = [1n, 1000n, 1_000_000n, 1_000_000_000n].map((each) => instantOfNanos(BigInt(seconds) * each));
        expect(new Set(sent)).toEqual(new Set([new Date(seconds * 1000).toISOString().replace("Z", "000Z")]));
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ["seconds with a fraction", 1795341600.25, "2026-11-22T10:00:00.250000Z"],
    ["seconds with a fraction, as text", "1795341600.123456789", "2026-11-22T10:00:00.123456Z"],
    ["milliseconds with a fraction", 1795341600000.5, "2026-11-22T10:00:00.000500Z"],
    ["microseconds with a fraction", "1795341600000001.5", "2026-11-22T10:00:00.000001Z"],
    ["nanoseconds with an exponent", "1.795341600123e18", "2026-11-22T10:00:00.123000Z"],
    ["a pair of seconds and nanoseconds", [1795341600, 250_000_999], "2026-11-22T10:00:00.250000Z"],
    ["an instant", "2026-11-22T11:00:00.5+01:00", "2026-11-22T10:00:00.500000Z"],
  ])("in JSON that is %s is read as such", (_, sent, instant) => {
    const { observation } = mapJson({ startTimeUnixNano: sent as string, endTimeUnixNano: "1795341660000000000" });
    expect(observation.body).toMatchObject({ startTime: instant, endTime: "2026-11-22T10:01:00.000000Z" });
  });

  it("is recognised at both ends of a span and in its events, each by itself", () => {
    const { observation, metadata } = mapJson({
      startTimeUnixNano: "1795341600000",
      endTimeUnixNano: "1795341601000",
      events: [
        { name: "ms", timeUnixNano: "1795341600500" },
        { name: "ns", timeUnixNano: "1795341600500000000" },
      ],
    });
    expect(observation.body).toMatchObject({ startTime, endTime: "2026-11-22T10:00:01.000000Z" });
    expect(metadata["events"]).toMatchObject([{ time: "2026-11-22T10:00:00.500000Z" }, { time: "2026-11-22T10:00:00.500000Z" }]);
  });
});

describe("the first token", () => {
  const each = { s: 0.5, ms: 500, ns: 500_000_000 };
  it.each(firstTokenNames.flatMap(({ name, units, sender, scope }) => units.map((unit) => [name, unit, sender, scope] as const)))(
    "%s in %s, as of %s, is half a second after the start",
    (name, unit, _, scope) => {
      const { body } = mapJson({ attributes: { [name]: each[unit] }, ...(scope === undefined ? {} : { scope }) }).observation;
      expect(body["completionStartTime"]).toBe("2026-11-22T10:00:00.500000Z");
    },
  );

  it.each<[string, Parameters<typeof mapJson>[0], string | undefined]>([
    ["of a decimal that is not exact", { attributes: { "gen_ai.response.time_to_first_chunk": 1.1 } }, "2026-11-22T10:00:01.100000Z"],
    ["of text", { attributes: { "gen_ai.response.time_to_first_chunk": "0.25" } }, "2026-11-22T10:00:00.250000Z"],
    ["of none", { attributes: { "gen_ai.response.time_to_first_chunk": 0 } }, undefined],
    ["before the start", { attributes: { "gen_ai.response.time_to_first_chunk": -1 } }, undefined],
    ["of more than a day", { attributes: { "gen_ai.response.time_to_first_chunk": 100_000 } }, undefined],
    ...[...firstTokenEventNames].map((name): [string, Parameters<typeof mapJson>[0], string] => [
      `of an event ${name}, the first of several`,
      { events: [700, 900].map((ms) => ({ name, timeUnixNano: `1795341600${ms}000000` })) },
      "2026-11-22T10:00:00.700000Z",
    ]),
    ...(
      [
        ["nanoseconds", "1795341600500000000"],
        ["milliseconds", 1795341600500],
        ["seconds", 1795341600.5],
      ] as const
    ).map(([unit, sent]): [string, Parameters<typeof mapJson>[0], string] => [
      `that was set as a number of ${unit}`,
      { attributes: { "langfuse.observation.completion_start_time": sent } },
      "2026-11-22T10:00:00.500000Z",
    ]),
    ["that was set as a wait", { attributes: { "langfuse.observation.completion_start_time": 500 } }, undefined],
    [
      "that was set, before any wait",
      { attributes: { "langfuse.observation.completion_start_time": "2026-11-22T10:00:01Z", "ai.response.msToFirstChunk": 3 } },
      "2026-11-22T10:00:01.000000Z",
    ],
  ])("%s", (_, span, instant) => {
    expect(mapJson(span).observation.body["completionStartTime"]).toBe(instant);
  });
});
