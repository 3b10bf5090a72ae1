/** The PostHog sink against a server that follows PostHog's contract. */
import { randomUUID } from "node:crypto";
import { PostHog } from "posthog-node";
import { afterEach, describe, expect, it } from "vitest";
import { type AnalyticsTable, analyticsTables } from "../../core/integrations/analytics/analytics-tables.ts";
import { mapToAnalyticsEvent } from "../../core/integrations/analytics/map-to-analytics-event.ts";
import type { SinkEvent } from "../../core/integrations/analytics/sink-event.ts";
import { type PostHogBody, toPostHogEvent } from "../../core/integrations/analytics/to-posthog-event.ts";
import type { SinkServer } from "../../local/analytics/sink-server.ts";
import { type PostHogServerOptions, type PostHogStored, startPostHogServer } from "../../local/posthog/posthog-server.ts";
import { createPostHogSink } from "../../runner/transfer/sinks/posthog-sink.ts";
import { describeEventSink } from "../conformance/event-sink.ts";
import { analyticsContext, analyticsNowMs, oneOfEach, traceRow } from "../support/analytics-rows.ts";
import { createSinkClock } from "../support/sink-clock.ts";

const token = "phc_test";
const nowMs = () => analyticsNowMs;

const mapped = (table: AnalyticsTable, row: unknown): SinkEvent<PostHogBody> => {
  const result = toPostHogEvent(mapToAnalyticsEvent(table, row, analyticsContext), { nowMs: analyticsNowMs });
  if (!("event" in result)) throw new Error(result.rejection.code);
  return result.event;
};
const eventOf = (id: string, padding = 0) => mapped("traces", traceRow({ id, name: "n".repeat(padding) }));

const shared = {
  createSink: (host: string, projectToken: string, deps: Parameters<Parameters<typeof describeEventSink>[1]["createSink"]>[2]) =>
    createPostHogSink({ host, projectToken }, { ...deps, newUuid: randomUUID }),
  token,
  eventOf,
  idOf: ({ uuid }: PostHogStored) => uuid,
};
describeEventSink("PostHog by Capture V1", {
  ...shared,
  startServer: (options) => startPostHogServer({ projectToken: token, nowMs, ...options }),
});
describeEventSink("PostHog by /batch/", {
  ...shared,
  startServer: (options) => startPostHogServer({ projectToken: token, nowMs, hasV1: false, ...options }),
});

const servers: SinkServer<PostHogStored>[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
const open = async (options: Partial<PostHogServerOptions> = {}) => {
  const { clock, waits } = createSinkClock(analyticsNowMs);
  const server = await startPostHogServer({ projectToken: token, nowMs, ...options });
  servers.push(server);
  return {
    server,
    waits,
    sink: createPostHogSink({ host: `${server.url}/`, projectToken: token }, { fetch, clock, random: () => 1, newUuid: randomUUID }),
  };
};
const signal = new AbortController().signal;
const uuidsIn = (server: SinkServer<PostHogStored>) =>
  server.requests.map(({ body }) => (JSON.parse(String(body)) as { batch: PostHogBody[] }).batch.map(({ uuid }) => uuid));

describe("Capture V1", () => {
  it("sends again only the events that say so, under one request id and with a counted attempt", async () => {
    const events = ["a", "b", "c", "d"].map((id) => eventOf(id));
    const [a, b, c, d] = events.map(({ eventId }) => eventId);
    const answers = new Map([
      [b, ["retry", "retry", "ok"]],
      [c, ["drop"]],
      [d, ["retry", "warning"]],
    ]);
    const { server, sink, waits } = await open({
      resultOf: (uuid) => {
        const result = answers.get(uuid)?.shift() as "ok" | undefined;
        return result === undefined ? undefined : { result, details: "billing_limit_exceeded" };
      },
    });
    expect(await sink.send(events, { signal })).toEqual({
      sent: 4,
      accepted: 3,
      rejected: [
        {
          event: { table: "traces", rowId: "c", version: "2026-11-28T10:00:05.000001Z" },
          code: "REFUSED_BY_SINK",
          message: "billing_limit_exceeded",
        },
      ],
      bytes: expect.any(Number),
      warnings: 1,
    });
    expect(uuidsIn(server)).toEqual([[a, b, c, d], [b, d], [b]]);
    expect(server.requests.map(({ headers }) => headers["posthog-attempt"])).toEqual(["1", "2", "3"]);
    expect(new Set(server.requests.map(({ headers }) => headers["posthog-request-id"])).size).toBe(1);
    expect(waits).toEqual([1000, 1000]);
    expect(server.deliveries.map(({ uuid }) => uuid).toSorted()).toEqual([a, b, d].toSorted());
  });

  it("sends an event again that the answer says nothing of", async () => {
    const events = ["a", "b"].map((id) => eventOf(id));
    const [a, b] = events.map(({ eventId }) => eventId);
    const faults = [{ kind: "answer" as const, status: 200, body: { results: { [String(a)]: { result: "ok" } } } }];
    const { server, sink } = await open({ fault: () => faults.shift() });
    expect(await sink.send(events, { signal })).toMatchObject({ sent: 2, accepted: 2 });
    expect(uuidsIn(server)).toEqual([[a, b], [b]]);
  });

  it("fails as unavailable while an event has no final answer", async () => {
    const { server, sink } = await open({ resultOf: () => ({ result: "retry" }) });
    await expect(sink.send([eventOf("a")], { signal })).rejects.toMatchObject({ code: "SINK_UNAVAILABLE", retryAfterSeconds: 1 });
    expect([server.requests.length, server.deliveries.length]).toEqual([5, 0]);
  });

  it("keeps rows of two tables with one id apart: their events have one uuid, and never share a request", async () => {
    const { server, sink } = await open();
    const twins = [mapped("traces", { ...oneOfEach.traces, id: "x" }), mapped("scores", { ...oneOfEach.scores, id: "x" })];
    expect(await sink.send(twins, { signal })).toMatchObject({ accepted: 2 });
    expect(server.events().map(({ event }) => event)).toEqual(["langfuse trace", "langfuse score"]);
    expect(server.requests.length).toBe(2);
  });

  it("sends times as they are, whatever the clocks say", async () => {
    const { server, sink } = await open({ nowMs: () => analyticsNowMs + 5 * 3_600_000 });
    await sink.send([eventOf("a")], { signal });
    expect(server.events()[0]?.timestamp).toBe("2026-11-28T10:00:00.123Z");
  });

  it("marks events older than 48 hours as a migration, in requests of their own", async () => {
    const old = (id: string, hours: number) =>
      mapped("traces", traceRow({ id, timestamp: new Date(analyticsNowMs - hours * 3_600_000 - 1).toISOString() }));
    for (const hasV1 of [true, false]) {
      const { server, sink } = await open({ hasV1 });
      await sink.send([old("a", 48), old("b", 47), old("c", 500), old("d", 1)], { signal });
      const marks = server.events().map(({ properties, isHistorical }) => [properties["langfuse_id"], isHistorical]);
      expect(marks.toSorted()).toEqual([
        ["a", true],
        ["b", false],
        ["c", true],
        ["d", false],
      ]);
    }
  });
});

describe("an older server", () => {
  it("is asked for V1 once, and then by /batch/ alone", async () => {
    const { server, sink } = await open({ hasV1: false });
    for (const id of ["a", "b", "c"]) await sink.send([eventOf(id)], { signal });
    expect(server.requests.map(({ path }) => path)).toEqual(["/i/v1/analytics/events", "/batch/", "/batch/", "/batch/"]);
  });

  it("stores what a newer one stores, besides what V1 adds of the SDK", async () => {
    const stored = async (hasV1: boolean) => {
      const { server, sink } = await open({ hasV1 });
      const rows = [...Object.entries(oneOfEach), ["traces", traceRow({ id: "t2", userId: null, posthogSessionId: null })] as const];
      await sink.send(
        rows.map(([table, row]) => mapped(table as AnalyticsTable, row)),
        { signal },
      );
      return server.events().map(({ properties: { $lib, $lib_version, $ignore_sent_at, $session_id, ...properties }, ...event }) => ({
        ...event,
        properties: { ...properties, $session_id: $session_id ?? null },
      }));
    };
    expect(await stored(true)).toEqual(await stored(false));
  });
});

describe("posthog-node", () => {
  /** What the SDK adds to an event by itself. */
  const added = ["$lib", "$lib_version", "$geoip_disable", "$is_server", "$ignore_sent_at"];

  it.each(["v0", "v1"])("stores the same events: names, uuids, people, times and properties (capture mode %s)", async (mode) => {
    const rows = [
      ...Object.entries(oneOfEach),
      ["traces", traceRow({ id: "t2", userId: null })] as const,
      ["traces", traceRow({ id: "t3", userId: "anonymous", posthogSessionId: null })] as const,
    ];
    const events = rows.map(([table, row]) => mapped(table as AnalyticsTable, row));
    const ours = await open({ hasV1: mode === "v1" });
    await ours.sink.send(events, { signal });
    const theirs = await open();
    const before = process.env["POSTHOG_CAPTURE_MODE"];
    process.env["POSTHOG_CAPTURE_MODE"] = mode;
    const client = new PostHog(token, { host: theirs.server.url, flushAt: 100, flushInterval: 0, fetchRetryCount: 0 });
    process.env["POSTHOG_CAPTURE_MODE"] = before ?? "v0";
    for (const { body } of events)
      client.capture({
        event: body.event,
        uuid: body.uuid,
        distinctId: body.distinct_id,
        timestamp: new Date(body.timestamp),
        properties: { ...body.properties },
        disableGeoip: true,
      });
    await client.shutdown();
    expect(theirs.server.requests.map(({ path }) => path)).toEqual([mode === "v1" ? "/i/v1/analytics/events" : "/batch/"]);
    const plain = (server: SinkServer<PostHogStored>) =>
      server.events().map(({ event, uuid, distinct_id, properties }) => ({
        event,
        uuid,
        distinct_id,
        properties: Object.fromEntries(
          Object.entries({ $session_id: null, ...properties }).filter(([property]) => !added.includes(property)),
        ),
      }));
    expect(plain(ours.server)).toEqual(plain(theirs.server));
    // As sent: the server's clock stands still, and it moves the SDK's times by the difference.
    const sent = theirs.server.requests.flatMap(({ body }) => (JSON.parse(String(body)) as { batch: PostHogBody[] }).batch);
    const times = events.map(({ timeMs }) => timeMs);
    expect(sent.map(({ timestamp }) => Date.parse(timestamp))).toEqual(times);
    expect(ours.server.events().map(({ timestamp }) => Date.parse(timestamp))).toEqual(times);
  });

  it("is compared over all tables", () => {
    expect(Object.keys(oneOfEach)).toEqual(Object.keys(analyticsTables));
  });
});
