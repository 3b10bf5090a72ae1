/** The Mixpanel sink against a server that follows the contract of `/import`. */
import Mixpanel from "mixpanel";
import { afterEach, describe, expect, it } from "vitest";
import type { AnalyticsTable } from "../../core/integrations/analytics/analytics-tables.ts";
import { mapToAnalyticsEvent } from "../../core/integrations/analytics/map-to-analytics-event.ts";
import type { SinkEvent } from "../../core/integrations/analytics/sink-event.ts";
import { type MixpanelBody, toMixpanelEvent } from "../../core/integrations/analytics/to-mixpanel-event.ts";
import { mixpanelRegions } from "../../core/integrations/kinds/mixpanel.ts";
import type { SinkServer } from "../../local/analytics/sink-server.ts";
import { type MixpanelServerOptions, type MixpanelStored, startMixpanelServer } from "../../local/mixpanel/mixpanel-server.ts";
import { createMixpanelSink } from "../../runner/transfer/sinks/mixpanel-sink.ts";
import { describeEventSink } from "../conformance/event-sink.ts";
import { analyticsContext, analyticsNowMs, oneOfEach, traceRow } from "../support/analytics-rows.ts";
import { createSinkClock } from "../support/sink-clock.ts";

const token = "mixpanel-test-token";
const nowMs = () => analyticsNowMs;

const mapped = (table: AnalyticsTable, row: unknown): SinkEvent<MixpanelBody> => {
  const result = toMixpanelEvent(mapToAnalyticsEvent(table, row, analyticsContext), { nowMs: analyticsNowMs });
  if (!("event" in result)) throw new Error(result.rejection.code);
  return result.event;
};
const eventOf = (id: string, padding = 0) => mapped("traces", traceRow({ id, name: "n".repeat(padding) }));

describeEventSink("Mixpanel", {
  createSink: (baseUrl, projectToken, deps) => createMixpanelSink({ region: "api", projectToken }, { ...deps, baseUrl }),
  token,
  eventOf,
  idOf: ({ properties }: MixpanelStored) => String(properties["$insert_id"]),
  startServer: (options) => startMixpanelServer({ projectToken: token, nowMs, ...options }),
});

const servers: SinkServer<MixpanelStored>[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
const open = async (options: Partial<MixpanelServerOptions> = {}) => {
  const { clock, waits } = createSinkClock(analyticsNowMs);
  const server = await startMixpanelServer({ projectToken: token, nowMs, ...options });
  servers.push(server);
  const deps = { fetch, clock, random: () => 1, baseUrl: server.url };
  return { server, waits, sink: createMixpanelSink({ region: "api-eu", projectToken: token }, deps) };
};
const signal = new AbortController().signal;
const idsIn = (server: SinkServer<MixpanelStored>) =>
  server.requests.map(({ body }) => (JSON.parse(String(body)) as MixpanelStored[]).map(({ properties }) => properties["langfuse_id"]));

describe("/import", () => {
  it("takes 400 with failed records for what it is: those are rejected with field and message, the others stored and not sent again", async () => {
    const { server, sink } = await open({
      refuse: ({ properties }) =>
        properties["langfuse_id"] === "b" ? { field: "properties.x", message: "'properties.x' is invalid" } : undefined,
    });
    expect(
      await sink.send(
        ["a", "b", "c"].map((id) => eventOf(id)),
        { signal },
      ),
    ).toEqual({
      sent: 3,
      accepted: 2,
      rejected: [
        {
          event: { table: "traces", rowId: "b", version: "2026-11-28T10:00:05.000001Z" },
          code: "REFUSED_BY_SINK",
          message: "properties.x: 'properties.x' is invalid",
        },
      ],
      bytes: expect.any(Number),
      warnings: 0,
    });
    expect([server.requests.length, server.deliveries.length]).toEqual([1, 2]);
  });

  it("rejects all of a batch in which every record failed", async () => {
    const { sink, server } = await open({ refuse: () => ({ field: "event", message: "no" }) });
    const result = await sink.send(
      ["a", "b"].map((id) => eventOf(id)),
      { signal },
    );
    expect([result.accepted, result.rejected.map(({ event }) => event.rowId), server.requests.length]).toEqual([0, ["a", "b"], 1]);
  });

  it("sends again what the numbers of a partial success leave out, and not what it refused", async () => {
    const partial = (index: number, imported: number) => ({
      kind: "answer" as const,
      status: 400,
      body: { code: 400, num_records_imported: imported, failed_records: [{ index, field: "f", message: "m" }] },
    });
    const faults = [partial(1, 1), undefined];
    const { server, sink } = await open({ fault: () => faults.shift() });
    const result = await sink.send(
      ["a", "b", "c"].map((id) => eventOf(id)),
      { signal },
    );
    expect([result.sent, result.accepted, result.rejected.map(({ event }) => event.rowId)]).toEqual([3, 2, ["b"]]);
    expect(idsIn(server)).toEqual([
      ["a", "b", "c"],
      ["a", "c"],
    ]);
  });

  it("finds failed records by id where the index does not fit, under both names of the id", async () => {
    for (const name of ["insert_id", "$insert_id"]) {
      const record = { index: 0, [name]: eventOf("c").eventId, field: "f", message: "m" };
      const { sink } = await open({
        fault: () => ({ kind: "answer", status: 400, body: { num_records_imported: 2, failed_records: [record] } }),
      });
      const { rejected } = await sink.send(
        ["a", "b", "c"].map((id) => eventOf(id)),
        { signal },
      );
      expect(rejected.map(({ event }) => event.rowId)).toEqual(["c"]);
    }
  });

  it("waits as long as 429 asks for, and sends the same again", async () => {
    const faults = [{ kind: "answer" as const, status: 429, headers: { "retry-after": "20" } }];
    const { server, sink, waits } = await open({ fault: () => faults.shift() });
    expect(await sink.send([eventOf("a")], { signal })).toMatchObject({ accepted: 1 });
    expect([waits, idsIn(server)]).toEqual([[20_000], [["a"], ["a"]]]);
  });

  it.each(mixpanelRegions)("is asked at the address of the region %s, with the token as user", async (region) => {
    const asked: { url: string; init: RequestInit }[] = [];
    const { clock } = createSinkClock(analyticsNowMs);
    const fetched = (url: string, init: RequestInit) => {
      asked.push({ url, init });
      return Promise.resolve(Response.json({ code: 200, num_records_imported: 1, status: "OK" }));
    };
    await createMixpanelSink({ region, projectToken: "t" }, { fetch: fetched, clock, random: () => 0 }).send([eventOf("a")], { signal });
    const [{ url, init } = { url: "", init: {} }] = asked;
    expect([url, new Headers(init.headers).get("authorization"), init.redirect]).toEqual([
      `https://${region}.mixpanel.com/import?strict=1`,
      `Basic ${btoa("t:")}`,
      "manual",
    ]);
  });
});

describe("the library of Mixpanel", () => {
  /** What it adds to an event by itself. */
  const added = ["token", "mp_lib", "$lib_version"];

  it("stores the same events: names, ids, people, times and properties", async () => {
    const rows = [
      ...Object.entries(oneOfEach),
      ["traces", traceRow({ id: "t2", userId: null })] as const,
      ["traces", traceRow({ id: "t3", userId: "anonymous", mixpanelSessionId: null })] as const,
    ];
    const events = rows.map(([table, row]) => mapped(table as AnalyticsTable, row));
    const ours = await open();
    await ours.sink.send(events, { signal });
    const theirs = await open();
    const { hostname, port } = new URL(theirs.server.url);
    const client = Mixpanel.init(token, { protocol: "http", host: hostname, port: Number(port), key: "key", keepAlive: false } as object);
    for (const { body, timeMs } of events)
      await new Promise<void>((resolve, reject) =>
        client.import(body.event, new Date(timeMs), { ...body.properties }, (error) => (error ? reject(error) : resolve())),
      );
    const plain = (server: SinkServer<MixpanelStored>) =>
      server.events().map(({ event, properties }) => ({
        event,
        properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !added.includes(name))),
      }));
    expect(plain(ours.server)).toEqual(plain(theirs.server));
    expect(ours.server.events().map(({ properties }) => properties["time"])).toEqual(events.map(({ timeMs }) => timeMs));
  });
});
