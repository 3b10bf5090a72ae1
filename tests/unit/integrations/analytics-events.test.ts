import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AnalyticsTable, analyticsTables } from "../../../core/integrations/analytics/analytics-tables.ts";
import { eventIdOf } from "../../../core/integrations/analytics/event-ids.ts";
import { mapToAnalyticsEvent } from "../../../core/integrations/analytics/map-to-analytics-event.ts";
import type { Mapped } from "../../../core/integrations/analytics/sink-event.ts";
import { toMixpanelEvent } from "../../../core/integrations/analytics/to-mixpanel-event.ts";
import { toPostHogEvent } from "../../../core/integrations/analytics/to-posthog-event.ts";
import { analyticsContext, analyticsNowMs, eventsRow, generationRow, oneOfEach, scoreRow, traceRow } from "../../support/analytics-rows.ts";

const at = { nowMs: analyticsNowMs };
const seed = Number(process.env["SEED"] ?? 20261128);
console.log(`analytics events seed ${seed}`);

const bodyOf = <Body>(mapped: Mapped<Body>): Body => {
  if (!("event" in mapped)) throw new Error(`rejected: ${mapped.rejection.code}`);
  return mapped.event.body;
};
const codeOf = (mapped: Mapped<unknown>) => ("rejection" in mapped ? mapped.rejection.code : null);

const tables = Object.keys(analyticsTables) as AnalyticsTable[];
const mappers = { posthog: toPostHogEvent, mixpanel: toMixpanelEvent };
const eventOf = (table: AnalyticsTable, row: object = {}) => mapToAnalyticsEvent(table, { ...oneOfEach[table], ...row }, analyticsContext);

describe.each(Object.entries(mappers))("%s", (product, map) => {
  it("gets of each table the event of the golden file, name, id, time, types and all", () => {
    const file = new URL(`../../fixtures/analytics/${product}.json`, import.meta.url);
    const events = Object.fromEntries(tables.map((table) => [table, bodyOf<unknown>(map(eventOf(table), at))]));
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, `${JSON.stringify(events, null, 2)}\n`);
    // As text, so that the order of properties is compared too.
    expect(JSON.stringify(events, null, 2)).toBe(JSON.stringify(JSON.parse(readFileSync(file, "utf8")), null, 2));
  });

  it("gets the same id for every revision of a row, and another for every other row and project", () => {
    const idOf = (projectId: string, id: string, name: string) => {
      const mapped = map(mapToAnalyticsEvent("traces", traceRow({ id, name }), { ...analyticsContext, projectId }), at);
      return "event" in mapped ? mapped.event.eventId : null;
    };
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string({ minLength: 1 }), (project, id, name, more) => {
        expect(idOf(project, id, name)).toBe(idOf(project, id, `${name} changed`));
        expect(idOf(project, id, name)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(idOf(project, id, name)).not.toBe(idOf(project, id + more, name));
      }),
      { seed },
    );
  });

  it.each(tables)("gets no undefined and no `undefined/` in %s, whatever is missing", (table) => {
    const empty = { userId: null, sessionId: null, release: null, posthogSessionId: null, mixpanelSessionId: null };
    const text = (baseUrl: string | null) =>
      JSON.stringify(
        bodyOf<unknown>(map(mapToAnalyticsEvent(table, { ...oneOfEach[table], ...empty }, { ...analyticsContext, baseUrl }), at)),
        (_, value) => (value === undefined ? "UNDEFINED" : value),
      );
    expect(text(analyticsContext.baseUrl)).not.toMatch(/undefined/i);
    expect(text(null)).not.toMatch(/undefined|_url/i);
    expect(text("")).not.toMatch(/_url/);
  });
});

describe("an event", () => {
  it("has links that lead to the trace, the observation and the user, whatever their ids hold", () => {
    const row = generationRow({ id: "a/b?c", traceId: "t#1", userId: "jo@x y" });
    const { properties } = mapToAnalyticsEvent("generations", row, { ...analyticsContext, baseUrl: "https://x.example///" });
    expect(properties["langfuse_url"]).toBe("https://x.example/project/project-1/traces/t%231?observation=a%2Fb%3Fc");
    expect(properties["langfuse_user_url"]).toBe("https://x.example/project/project-1/users/jo%40x%20y");
  });

  it("says what a score is of, and takes the session that was scored where there is no trace", () => {
    const ofScore = (row: Parameters<typeof scoreRow>[0]) => mapToAnalyticsEvent("scores", scoreRow(row), analyticsContext).properties;
    expect(ofScore({})["langfuse_score_entity_type"]).toBe("trace");
    const session = ofScore({ traceId: null, sessionId: null, scoredSessionId: "s9" });
    expect([session["langfuse_score_entity_type"], session["langfuse_session_id"]]).toEqual(["session", "s9"]);
    expect(ofScore({ traceId: null, sessionId: null, datasetRunId: "r" })["langfuse_score_entity_type"]).toBe("dataset_run");
    expect(ofScore({ traceId: null })["langfuse_score_entity_type"]).toBe("unknown");
  });
});

describe("PostHog", () => {
  it("is sent an event without a person where there is no user, or one that it refuses", () => {
    const uuid = eventIdOf("posthog", "project-1", "trace-1");
    const refused = [null, "", "  ", "0", "NULL", " Anonymous ", "user", "undefined", "[object Object]", "x".repeat(201), "ü".repeat(101)];
    for (const userId of refused) {
      const body = bodyOf(toPostHogEvent(eventOf("traces", { userId }), at));
      expect([userId, body.distinct_id, body.properties["$process_person_profile"], body.properties["$set"]]).toEqual([
        userId,
        uuid,
        false,
        undefined,
      ]);
      expect(body.properties["langfuse_user_id"]).toBe(userId);
    }
    for (const userId of ["user-1", "ü".repeat(100), "users", "00"]) {
      const body = bodyOf(toPostHogEvent(eventOf("traces", { userId }), at));
      expect([body.distinct_id, "$process_person_profile" in body.properties]).toEqual([userId, false]);
    }
  });

  it("is sent no time that it would replace by its own", () => {
    const ahead = (ms: number) => codeOf(toPostHogEvent(eventOf("traces", { timestamp: new Date(analyticsNowMs + ms).toISOString() }), at));
    expect([ahead(23 * 3_600_000), ahead(23 * 3_600_000 + 1)]).toEqual([null, "EVENT_TIME_OUT_OF_RANGE"]);
    expect(codeOf(toPostHogEvent(eventOf("traces", { timestamp: "1950-01-01T00:00:00.000Z" }), at))).toBeNull();
  });
});

describe("Mixpanel", () => {
  it("is sent the user, the event's own id without one, and the empty string for one that it refuses", () => {
    const insertId = eventIdOf("mixpanel", "project-1", "trace-1");
    const person = (userId: string | null) => {
      const { distinct_id, $user_id } = bodyOf(toMixpanelEvent(eventOf("traces", { userId }), at)).properties;
      return [distinct_id, $user_id];
    };
    expect(person("jo")).toEqual(["jo", "jo"]);
    for (const none of [null, "", "  "]) expect(person(none)).toEqual([insertId, undefined]);
    for (const refused of [
      "anon",
      " ANONYMOUS ",
      "null",
      "-1",
      "0",
      "N/A",
      "<nil>",
      "[]",
      "{}",
      "LMY47D",
      "00000000-0000-0000-0000-000000000000",
    ])
      expect(person(refused)).toEqual(["", undefined]);
  });

  it("is sent its own session, else that of the trace, else none", () => {
    const session = (row: object) => bodyOf(toMixpanelEvent(eventOf("events", row), at)).properties["session_id"];
    expect(session({})).toBe("mixpanel-session-1");
    expect(session({ mixpanelSessionId: null })).toBe("session-1");
    expect(session({ mixpanelSessionId: null, sessionId: null })).toBeUndefined();
  });

  it("is sent no time and no width that it refuses", () => {
    const time = (ms: number) => codeOf(toMixpanelEvent(eventOf("traces", { timestamp: new Date(ms).toISOString() }), at));
    expect(time(Date.UTC(1971, 0, 1) - 1)).toBe("EVENT_TIME_OUT_OF_RANGE");
    expect(time(Date.UTC(1971, 0, 1))).toBeNull();
    expect(time(analyticsNowMs + 3_600_000)).toBeNull();
    expect(time(analyticsNowMs + 3_600_001)).toBe("EVENT_TIME_OUT_OF_RANGE");
    const list = (length: number) => Array.from({ length }, (_, i) => `t${i}`);
    expect(codeOf(toMixpanelEvent(eventOf("traces", { tags: list(255) }), at))).toBe("EVENT_TOO_WIDE");
    expect(codeOf(toMixpanelEvent(eventOf("traces", { tags: list(254) }), at))).toBeNull();
    const metadata = Object.fromEntries(list(255).map((key) => [key, ""]));
    expect(codeOf(toMixpanelEvent(eventOf("scores", { metadata }), at))).toBe("EVENT_TOO_WIDE");
  });

  it("gets an event of either outcome for any row", () => {
    const anyText = fc.option(fc.oneof(fc.string(), fc.constantFrom("null", "anon", "x".repeat(300))));
    fc.assert(
      fc.property(
        anyText,
        anyText,
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2299-12-31") }),
        (userId, sessionId, date) => {
          for (const map of Object.values(mappers)) {
            const mapped = map(eventOf("events", eventsRow({ userId, sessionId, timestamp: date.toISOString() })), at) as Mapped<unknown>;
            const { table, rowId, version } = "event" in mapped ? mapped.event : mapped.rejection.event;
            expect([table, rowId, version]).toEqual(["events", "span-1", eventsRow()._version]);
          }
        },
      ),
      { seed },
    );
  });
});
