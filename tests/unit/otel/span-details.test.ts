/** Exceptions, events, links, kind and trace state of spans in their observations. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charactersMax, eventsMax, linksMax, textCharactersMax } from "../../../core/otel/span-details.ts";
import { type JsonSpan, mapJson, startTime } from "./mapped-json.ts";

const failed = { code: 2 };
const exception = (message: string, more: { [name: string]: string } = {}) => ({
  name: "exception",
  attributes: { "exception.type": "QuotaError", "exception.message": message, "exception.stacktrace": "at line 1", ...more },
});

describe("an exception", () => {
  it("is the status message of a span whose status has none, and stands whole in the metadata", () => {
    const { observation, metadata } = mapJson({ status: failed, events: [exception("boom: no quota")] });
    expect(observation.body).toMatchObject({ level: "ERROR", statusMessage: "boom: no quota" });
    expect(metadata["events"]).toEqual([{ name: "exception", time: startTime, attributes: exception("boom: no quota").attributes }]);
  });

  it.each<[string, Parameters<typeof mapJson>[0], string, string | undefined]>([
    ["gives way to the message of the status", { status: { code: 2, message: "told" }, events: [exception("boom")] }, "ERROR", "told"],
    [
      "gives way to the message that was set",
      { attributes: { "langfuse.observation.status_message": "set" }, status: failed, events: [exception("boom")] },
      "ERROR",
      "set",
    ],
    ["counts as the last of several", { status: failed, events: [exception("first"), exception("last")] }, "ERROR", "last"],
    [
      "counts by its type where it has no message",
      { status: failed, events: [{ name: "exception", attributes: { "exception.type": "T" } }] },
      "ERROR",
      "T",
    ],
    ["is told of a span without a status, which has not failed for it", { events: [exception("boom")] }, "DEFAULT", "boom"],
    ["is not told of a span that went well", { status: { code: 1 }, events: [exception("caught")] }, "DEFAULT", undefined],
    [
      "of a failed operation of a model is one",
      { status: failed, events: [{ name: "gen_ai.client.inference.exception", attributes: { "exception.message": "m" } }] },
      "ERROR",
      "m",
    ],
    [
      "may stand in the attributes alone",
      { status: failed, attributes: { "error.message": "from Mastra", "error.type": "X" } },
      "ERROR",
      "from Mastra",
    ],
    ["may be no more than a type of error", { status: failed, attributes: { "error.type": "timeout" } }, "ERROR", "timeout"],
    [
      "may have come by a protocol without a status",
      { attributes: { "otel.status_code": "ERROR", "otel.status_description": "boom" } },
      "ERROR",
      "boom",
    ],
    ...(
      [
        [5, "DEBUG"],
        [9, "DEFAULT"],
        [13, "WARNING"],
        [17, "ERROR"],
      ] as const
    ).map(([severity, level]): [string, JsonSpan, string, undefined] => [
      `is none of a span of Logfire's severity ${severity}`,
      { attributes: { "logfire.level_num": severity } },
      level,
      undefined,
    ]),
    ["is not made of attributes of a span that has not failed", { attributes: { "error.type": "timeout" } }, "DEFAULT", undefined],
  ])("%s", (_, span, level, message) => {
    const { body } = mapJson(span).observation;
    expect([body["level"], body["statusMessage"]]).toEqual([level, message]);
  });
});

describe("events and links", () => {
  const link = { traceId: "a".repeat(32), spanId: "b".repeat(16) };

  it("stand in the metadata with name, time and attributes as they were sent", () => {
    const { metadata } = mapJson({
      kind: 3,
      traceState: "vendor=1",
      events: [
        {
          name: "gen_ai.evaluation.result",
          timeUnixNano: "1795341600500000000",
          attributes: { "gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.5 },
        },
        { name: "note" },
      ],
      links: [link, { ...link, traceState: "v=2", attributes: { "link.kind": "follows" } }],
    });
    expect(metadata).toMatchObject({
      kind: "CLIENT",
      traceState: "vendor=1",
      events: [
        {
          name: "gen_ai.evaluation.result",
          time: "2026-11-22T10:00:00.500000Z",
          attributes: { "gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 0.5 },
        },
        { name: "note", time: startTime },
      ],
      links: [link, { ...link, traceState: "v=2", attributes: { "link.kind": "follows" } }],
    });
    expect(metadata).not.toHaveProperty("droppedEventsCount");
  });

  it.each([0, 1, 7])("are not there where a span of kind %i has none", (kind) => {
    const { metadata } = mapJson({ kind });
    for (const field of ["kind", "traceState", "events", "links", "droppedEventsCount", "droppedLinksCount"])
      expect(metadata).not.toHaveProperty(field);
  });

  it.each([
    [2, "SERVER"],
    [4, "PRODUCER"],
    [5, "CONSUMER"],
  ])("a span of kind %i is a %s", (kind, name) => {
    expect(mapJson({ kind }).metadata["kind"]).toBe(name);
  });

  it("are bounded in number, and the number of those left out is told", () => {
    const { metadata } = mapJson({
      events: Array.from({ length: eventsMax + 5 }, (_, index) => ({ name: `e${index}` })),
      links: Array.from({ length: linksMax + 2 }, () => link),
    });
    expect([metadata["events"], metadata["links"]]).toMatchObject([{ length: eventsMax }, { length: linksMax }]);
    expect(metadata).toMatchObject({ droppedEventsCount: 5, droppedLinksCount: 2 });
  });

  it("leave room for exceptions, whose long texts are cut", () => {
    const many = Array.from({ length: 400 }, (_, index) => ({ name: `e${index}`, attributes: { text: "x".repeat(1000) } }));
    const stack = "y".repeat(textCharactersMax + 7);
    const { metadata } = mapJson({ events: [...many, exception("boom", { "exception.stacktrace": stack })] });
    const events = metadata["events"] as { name: string; attributes: { [name: string]: string } }[];
    expect(events.at(-1)?.attributes["exception.stacktrace"]).toBe(`${"y".repeat(textCharactersMax)}… (7 characters more)`);
    expect(events).toHaveLength(eventsMax);
    expect(metadata["droppedEventsCount"]).toBe(401 - eventsMax);
  });

  it("never outgrow the bound, whatever they hold, and none goes untold", () => {
    const event = fc.record({
      name: fc.constantFrom("exception", "note"),
      attributes: fc.dictionary(
        fc.constantFrom("exception.message", "a", "b"),
        fc.integer({ min: 1, max: 120_000 }).map((length) => "z".repeat(length)),
      ),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const { metadata } = mapJson({ events });
        const kept = (metadata["events"] ?? []) as unknown[];
        expect(JSON.stringify(kept).length).toBeLessThanOrEqual(charactersMax + 2 + kept.length);
        expect(kept.length + Number(metadata["droppedEventsCount"] ?? 0)).toBe(events.length);
      }),
      { numRuns: 50 },
    );
  });
});
