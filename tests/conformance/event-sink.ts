/**
 * What every event sink must do, against a server that follows the product's contract and breaks on purpose. Connections are real; only the
 * clock is ours, so nothing waits.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import type { Rejection, SinkEvent } from "../../core/integrations/analytics/sink-event.ts";
import type { SinkFault, SinkServer, SinkServerRequest } from "../../local/analytics/sink-server.ts";
import type { EventSink } from "../../runner/transfer/sinks/event-sink.ts";
import type { SinkDeps } from "../../runner/transfer/sinks/sink-request.ts";
import { analyticsNowMs } from "../support/analytics-rows.ts";
import { createSinkClock } from "../support/sink-clock.ts";

type ServerOptions = { fault?: (request: SinkServerRequest) => SinkFault | undefined; bodyBytesMax?: number };

type SinkUnderTest<Body, Stored> = {
  startServer: (options: ServerOptions) => Promise<SinkServer<Stored>>;
  createSink: (url: string, token: string, deps: SinkDeps) => EventSink<Body>;
  token: string;
  /** The event of a row with this id; `padding` characters make it larger. */
  eventOf: (rowId: string, padding?: number) => SinkEvent<Body>;
  idOf: (stored: Stored) => string;
};

const seed = Number(process.env["SEED"] ?? 20261128);

export const describeEventSink = <Body, Stored>(name: string, sinkUnderTest: SinkUnderTest<Body, Stored>): void => {
  const { startServer, createSink, token, eventOf, idOf } = sinkUnderTest;
  const servers: SinkServer<Stored>[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  const open = async (options: ServerOptions = {}, secret = token) => {
    const { clock, waits, fire } = createSinkClock(analyticsNowMs);
    const server = await startServer(options);
    servers.push(server);
    const deps = { fetch, clock, random: () => 1 };
    return { server, waits, fire, deps, sink: createSink(server.url, secret, deps) };
  };
  const signal = new AbortController().signal;
  const events = (count: number, from = 0) => Array.from({ length: count }, (_, i) => eventOf(`row-${from + i}`));
  const idsOf = (list: readonly SinkEvent<unknown>[]) => list.map(({ eventId }) => eventId).toSorted();
  const storedIds = (server: SinkServer<Stored>) => server.events().map(idOf).toSorted();
  const failureOf = (sent: Promise<unknown>) =>
    sent.then(
      () => {
        throw new Error("it was delivered");
      },
      (error: unknown) => error as AppError & { retryAfterSeconds: number | null },
    );
  /** Without the first request to a PostHog that does not know V1. */
  const deliveriesOf = ({ requests }: SinkServer<Stored>) => requests.filter(({ path }) => path === requests.at(-1)?.path);
  /** Fails the first requests so. */
  const inTurn = (faults: readonly (SinkFault | undefined)[]) => {
    let asked = 0;
    return () => faults[asked++];
  };

  describe(name, () => {
    it("delivers every event once, in batches of at most 1,000, each compressed and acknowledged", async () => {
      const { server, sink } = await open();
      const list = events(2500);
      expect(await sink.send(list, { signal })).toEqual({
        sent: 2500,
        accepted: 2500,
        rejected: [],
        bytes: expect.any(Number),
        warnings: 0,
      });
      expect(storedIds(server)).toEqual(idsOf(list));
      const [small, large] = [await sink.send([eventOf("s")], { signal }), await sink.send([eventOf("s", 5000)], { signal })];
      expect(large.bytes - small.bytes).toBe(5000);
      expect(deliveriesOf(server).map(({ headers }) => headers["content-encoding"])).toEqual(Array(5).fill("gzip"));
      expect(await sink.send([], { signal })).toMatchObject({ sent: 0, accepted: 0 });
    });

    it("holds batches under 10 MB", async () => {
      const { server, sink } = await open();
      const list = Array.from({ length: 24 }, (_, i) => eventOf(`row-${i}`, 900_000));
      expect(await sink.send(list, { signal })).toMatchObject({ accepted: 24 });
      expect(Math.max(...server.requests.map(({ body }) => body?.byteLength ?? 0))).toBeLessThan(9_001_000);
    });

    it("rejects an event of a megabyte without sending it", async () => {
      const { server, sink } = await open();
      const result = await sink.send([eventOf("a"), eventOf("b", 1_000_000), eventOf("c")], { signal });
      expect(result).toMatchObject({ sent: 3, accepted: 2, rejected: [{ event: { rowId: "b" }, code: "EVENT_TOO_LARGE" }] });
      expect(server.deliveries.length).toBe(2);
    });

    it("halves a batch that is too large, rejects an event that is too large alone, and sends smaller batches from then on", async () => {
      const { server, sink } = await open({ bodyBytesMax: 60_000 });
      const list = [...events(100), eventOf("large", 100_000), ...events(100, 100)];
      const result = await sink.send(list, { signal });
      expect(result).toMatchObject({ sent: 201, accepted: 200, rejected: [{ event: { rowId: "large" }, code: "EVENT_TOO_LARGE" }] });
      expect(storedIds(server)).toEqual(idsOf(list.filter(({ rowId }) => rowId !== "large")));
      expect(server.deliveries.length).toBe(200);
      const before = server.requests.length;
      await sink.send(events(200), { signal });
      expect(server.requests.slice(before).map(({ body }) => (body?.byteLength ?? 0) > 60_000)).not.toContain(true);
    });

    it.each([500, 502, 503, 504, 408])("sends again after %i, with the same ids, and waits longer each time", async (status) => {
      const { server, sink, waits } = await open({ fault: inTurn(Array(3).fill({ kind: "answer", status })) });
      expect(await sink.send(events(3), { signal })).toMatchObject({ sent: 3, accepted: 3 });
      expect(waits).toEqual([500, 1000, 2000]);
      expect(
        new Set(
          deliveriesOf(server)
            .map(({ body }) => body?.toString())
            .map((text) => text?.replace(/"created_at":"[^"]*"/, "")),
        ).size,
      ).toBe(1);
    });

    it("waits as long as the service asks for", async () => {
      const { sink, waits } = await open({
        fault: inTurn([
          { kind: "answer", status: 503, headers: { "retry-after": "7" } },
          { kind: "answer", status: 503, headers: { "retry-after": new Date(analyticsNowMs + 9000).toUTCString() } },
        ]),
      });
      await sink.send(events(1), { signal });
      expect(waits).toEqual([7000, 9000]);
    });

    it("gives up after five attempts, and at once where the service asks for more than a minute", async () => {
      const { server, sink } = await open({ fault: () => ({ kind: "answer", status: 503, headers: { "retry-after": "2" } }) });
      expect(await failureOf(sink.send(events(3), { signal }))).toMatchObject({ code: "SINK_UNAVAILABLE", retryAfterSeconds: 2 });
      expect(server.requests.length).toBe(5);
      const other = await open({ fault: () => ({ kind: "answer", status: 503, headers: { "retry-after": "3600" } }) });
      expect(await failureOf(other.sink.send(events(3), { signal }))).toMatchObject({ code: "SINK_UNAVAILABLE", retryAfterSeconds: 3600 });
      expect(other.server.requests.length).toBe(1);
    });

    it("postpones the run where too much was sent", async () => {
      const { sink } = await open({ fault: () => ({ kind: "answer", status: 429, headers: { "retry-after": "300" } }) });
      expect(await failureOf(sink.send(events(3), { signal }))).toMatchObject({ code: "SINK_RATE_LIMITED", retryAfterSeconds: 300 });
    });

    it.each([
      [401, "SINK_CREDENTIALS_REJECTED"],
      [402, "SINK_PAYMENT_REQUIRED"],
      [403, "SINK_REJECTED"],
      [404, "SINK_NOT_FOUND"],
      [302, "SINK_NOT_FOUND"],
      [415, "SINK_REJECTED"],
    ])("tells %i by the code %s, without another attempt", async (status, code) => {
      const { server, sink } = await open({ fault: () => ({ kind: "answer", status, headers: { location: "/elsewhere" } }) });
      expect(await failureOf(sink.send(events(3), { signal }))).toMatchObject({ code });
      expect(new Set(server.requests.map(({ path }) => path)).size).toBe(server.requests.length);
    });

    it("tells a wrong token, and never says it, not even if the service does", async () => {
      const secret = "phc_planted-secret";
      const { sink, deps } = await open({}, secret);
      const refused = await failureOf(sink.send(events(3), { signal }));
      expect(refused.code).toBe("SINK_CREDENTIALS_REJECTED");
      const echo = `you sent ${secret} and ${btoa(`${secret}:`)}`;
      const statuses = [400, 401, 403, 404, 500, 200];
      const failures: unknown[] = [refused];
      for (const status of statuses) {
        const loud = await startServer({ fault: () => ({ kind: "answer", status, body: { error: echo, message: echo } }) });
        servers.push(loud);
        const sent = createSink(loud.url, secret, deps).send(events(2), { signal });
        failures.push(await sent.catch((error: unknown) => error));
      }
      const said = failures.map((failure) =>
        failure instanceof AppError
          ? [failure.message, failure.detail, String(failure.cause), failure.stack].join(" ")
          : JSON.stringify(failure),
      );
      expect(said.filter((text) => text.includes(secret) || text.includes(btoa(`${secret}:`)))).toEqual([]);
      expect(said.length).toBe(7);
    });

    it("does not take an answer that is not the service's for an acknowledgement", async () => {
      for (const body of ["<html>", { ok: true }, null]) {
        const { sink } = await open({ fault: () => ({ kind: "answer", status: 200, body }) });
        expect(await failureOf(sink.send(events(3), { signal }))).toMatchObject({ code: "SINK_UNEXPECTED_ANSWER" });
      }
    });

    it.each([{ kind: "reset", when: "before" }, { kind: "reset", when: "after" }, { kind: "cut" }] as SinkFault[])(
      "sends again under the same ids when the connection breaks: %o",
      async (fault) => {
        const { server, sink } = await open({ fault: inTurn([fault, fault]) });
        const list = events(5);
        expect(await sink.send(list, { signal })).toEqual({ sent: 5, accepted: 5, rejected: [], bytes: expect.any(Number), warnings: 0 });
        expect(storedIds(server)).toEqual(idsOf(list));
        expect(new Set(server.deliveries.map(idOf))).toEqual(new Set(idsOf(list)));
      },
    );

    it.each(["silent", "stalled"] as const)("gives up an answer that does not come in time (%s), and sends again", async (kind) => {
      const faults = [{ kind }];
      const list = events(3);
      const { server, fire, deps } = await open({
        fault: () => {
          const fault = faults.pop();
          if (fault?.kind === "silent") setImmediate(fire);
          return fault;
        },
      });
      let answers = 0;
      const fetchThenFire: SinkDeps["fetch"] = async (url, init) => {
        const response = await fetch(url, init);
        if (kind === "stalled" && answers++ === 0) setImmediate(fire);
        return response;
      };
      const sink = createSink(server.url, token, { ...deps, fetch: fetchThenFire });
      expect(await sink.send(list, { signal })).toMatchObject({ accepted: 3 });
      expect([server.requests.length > 1, storedIds(server)]).toEqual([true, idsOf(list)]);
    });

    it("ends with the reason of its signal, whether a request is open or a wait", async () => {
      const reason = new Error("lease lost");
      const open1 = new AbortController();
      const { sink } = await open({
        fault: () => {
          setImmediate(() => open1.abort(reason));
          return { kind: "silent" };
        },
      });
      expect(await failureOf(sink.send(events(3), { signal: open1.signal }))).toBe(reason);
      expect(await failureOf(sink.send(events(3), { signal: open1.signal }))).toBe(reason);
      const waiting = new AbortController();
      const other = await open({
        fault: () => {
          waiting.abort(reason);
          return { kind: "answer", status: 503 };
        },
      });
      expect(await failureOf(other.sink.send(events(3), { signal: waiting.signal }))).toBe(reason);
    });

    it("passes the verdict of a guarded fetch unchanged, without another attempt", async () => {
      const blocked = new AppError({ code: "FORBIDDEN_SCOPE" });
      const { deps } = await open();
      let asked = 0;
      const guarded = () => {
        asked++;
        return Promise.reject(blocked);
      };
      expect(await failureOf(createSink("http://10.0.0.1", token, { ...deps, fetch: guarded }).send(events(1), { signal }))).toBe(blocked);
      expect(asked).toBe(1);
    });

    it("finds the one event of a batch that the service cannot read, and stops where it refuses everything", async () => {
      const isBad = ({ body }: SinkServerRequest) => body?.toString().includes("row-77-") === true;
      const { server, sink } = await open({ fault: (request) => (isBad(request) ? { kind: "answer", status: 400, body: {} } : undefined) });
      const list = [...events(200), eventOf("row-77-bad")];
      const result = await sink.send(list, { signal });
      expect(result).toMatchObject({ sent: 201, accepted: 200, rejected: [{ event: { rowId: "row-77-bad" }, code: "REFUSED_BY_SINK" }] });
      expect(server.requests.length).toBeLessThan(20);
      const other = await open({ fault: () => ({ kind: "answer", status: 400, body: {} }) });
      expect(await failureOf(other.sink.send(events(1000), { signal }))).toMatchObject({ code: "SINK_REJECTED" });
      expect(other.server.requests.length).toBeLessThan(60);
    });

    it("loses and doubles nothing under random faults: what was sent is accepted or rejected, and stored once under its id", async () => {
      const answer = (status: number): SinkFault => ({ kind: "answer", status });
      const fault = fc.constantFrom<SinkFault | undefined>(
        undefined,
        answer(500),
        answer(503),
        answer(429),
        answer(413),
        { kind: "cut" },
        { kind: "reset", when: "before" },
        { kind: "reset", when: "after" },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fault, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), async (faults, count) => {
          const { server, sink } = await open({ fault: inTurn(faults), bodyBytesMax: 20_000 });
          const list = [...events(count), eventOf("large", 1_000_000)];
          let result: Awaited<ReturnType<typeof sink.send>> | undefined;
          for (let runs = 0; result === undefined; runs++) {
            expect(runs).toBeLessThanOrEqual(faults.length);
            result = await sink.send(list, { signal }).catch((error: unknown) => {
              expect(error).toMatchObject({ code: expect.stringMatching(/^SINK_(UNAVAILABLE|RATE_LIMITED|UNEXPECTED_ANSWER)$/) });
              return undefined;
            });
          }
          expect(result.sent).toBe(result.accepted + result.rejected.length);
          expect(result.sent).toBe(list.length);
          const rejected = new Set(result.rejected.map(({ event }: Rejection) => event.rowId));
          expect(rejected.has("large")).toBe(true);
          const accepted = list.filter(({ rowId }) => !rejected.has(rowId));
          // A 413 of the service for one event alone is a verdict, though an earlier answer that broke may have stored it.
          for (const id of idsOf(accepted)) expect(storedIds(server)).toContain(id);
          expect(new Set(storedIds(server)).size).toBe(server.events().length);
          const known = new Set(idsOf(list));
          expect(server.deliveries.map(idOf).filter((id) => !known.has(id))).toEqual([]);
          await server.stop();
        }),
        { seed, numRuns: 60 },
      );
    });
  });
};
