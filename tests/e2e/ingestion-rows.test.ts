import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { at, eventWith, type SentEvent, uniqueIds } from "../support/sent-event.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { accepted, call, db, rows, settled } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

/** A conversation of three turns with everything that changes later, as an SDK sends it. */
const conversation = (): { trace: string; events: SentEvent[] } => {
  const trace = unique("trace");
  const [agent, generation, tool] = [unique("o"), unique("o"), unique("o")];
  return {
    trace,
    events: [
      event(
        "trace-create",
        {
          id: trace,
          timestamp: at(0),
          name: "first name",
          userId: "first user",
          tags: ["b"],
          metadata: { a: 1, deep: { x: 1 } },
          input: "question",
        },
        0,
      ),
      event("agent-create", { id: agent, traceId: trace, name: "agent", startTime: at(1), input: { q: "question" } }, 1),
      event(
        "generation-create",
        {
          id: generation,
          traceId: trace,
          parentObservationId: agent,
          name: "call",
          startTime: at(2),
          model: "gpt-4o",
          modelParameters: { temperature: 0.5 },
          input: [{ role: "user", content: "question" }],
        },
        2,
      ),
      event(
        "generation-update",
        {
          id: generation,
          traceId: trace,
          endTime: at(5),
          output: { role: "assistant", content: "answer" },
          usage: { promptTokens: 100, completionTokens: 50 },
        },
        5,
      ),
      event(
        "tool-create",
        {
          id: tool,
          traceId: trace,
          parentObservationId: agent,
          name: "search",
          startTime: at(3),
          endTime: at(4),
          input: { q: 1 },
          output: "found",
          level: "WARNING",
          statusMessage: "slow",
        },
        4,
      ),
      event(
        "trace-create",
        {
          id: trace,
          name: "last name",
          userId: "last user",
          sessionId: "session",
          tags: ["a"],
          metadata: { b: 2, deep: { y: 2 } },
          output: "answer",
          release: "r1",
        },
        6,
      ),
      event("score-create", { id: unique("s"), traceId: trace, name: "quality", value: 0.75 }, 7),
      event(
        "score-create",
        { id: unique("s"), traceId: trace, observationId: generation, name: "tone", value: "kind", dataType: "CATEGORICAL" },
        7,
      ),
    ],
  };
};

const contents = async (trace: string) => ({
  traces: await rows(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM traces FINAL WHERE id = '${trace}' ORDER BY id`),
  observations: await rows(
    `SELECT * EXCEPT (created_at, updated_at, event_ts) FROM observations FINAL WHERE trace_id = '${trace}' ORDER BY id`,
  ),
  scores: await rows(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM scores FINAL WHERE trace_id = '${trace}' ORDER BY id`),
  events: await rows(
    `SELECT * EXCEPT (created_at, updated_at, event_ts, blob_storage_file_path, event_bytes) FROM events FINAL WHERE trace_id = '${trace}' ORDER BY span_id`,
  ),
});

/** Mulberry32: the same order for the same seed. */
const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
};

describe("what is written", () => {
  it("is the conversation, with the fields of the trace on every row of events", async () => {
    const { trace, events } = conversation();
    await accepted(events);
    await settled();
    const found = await contents(trace);
    expect(found.traces).toMatchObject([
      {
        name: "last name",
        user_id: "last user",
        session_id: "session",
        tags: ["a", "b"],
        release: "r1",
        input: "question",
        output: "answer",
        metadata: { a: "1", b: "2", deep: '{"x":1,"y":2}' },
      },
    ]);
    expect(found.observations.map(({ type }) => type).toSorted()).toEqual(["AGENT", "GENERATION", "TOOL"]);
    const generation = found.observations.find(({ type }) => type === "GENERATION");
    expect(generation).toMatchObject({
      name: "call",
      provided_model_name: "gpt-4o",
      end_time: "2026-05-01 12:00:05.000",
      usage_details: { input: 100, output: 50, total: 150 },
      total_cost: "0.00075",
      output: '{"role":"assistant","content":"answer"}',
    });
    expect(found.scores).toHaveLength(2);
    expect(found.events).toHaveLength(3);
    for (const row of found.events)
      expect(row).toMatchObject({ trace_name: "last name", user_id: "last user", session_id: "session", tags: ["a", "b"], release: "r1" });
  });

  it.each([1, 2, 3, 4])(
    "is the same whatever order the events arrive in, one by one, each in a request of its own (seed %i)",
    async (seed) => {
      const { trace, events } = conversation();
      await accepted(events);
      await settled();
      const expected = await contents(trace);
      const other = conversation();
      const renamed = JSON.parse(JSON.stringify(other.events)) as SentEvent[];
      for (const [index, one] of shuffled(renamed, seed).entries()) {
        await accepted([one]);
        // Sometimes the runner has written a part before the rest comes.
        if (index % 3 === seed % 3) await settled();
      }
      await settled();
      const found = await contents(other.trace);
      const strip = (text: string) => text.replaceAll(/(trace|o|s|event)-\d+/g, "$1");
      expect(strip(JSON.stringify(found))).toBe(strip(JSON.stringify(expected)));
    },
  );

  it("is the same after every batch was sent ten times, in parallel and in random order", async () => {
    const { trace, events } = conversation();
    const batches = [events.slice(0, 3), events.slice(3, 4), events.slice(4)];
    for (const batch of batches) await accepted(batch);
    await settled();
    const once = await contents(trace);
    await Promise.all(
      shuffled(
        batches.flatMap((batch) => Array.from({ length: 10 }, () => batch)),
        7,
      ).map(accepted),
    );
    await settled();
    expect(await contents(trace)).toEqual(once);
  });

  it("leaves one live row everywhere when an earlier event arrives late and changes time, trace and type", async () => {
    const [id, first, second] = [unique("o"), unique("trace"), unique("trace")];
    await accepted([event("span-create", { id, traceId: second, name: "span", startTime: "2026-05-03T10:00:00Z" }, 10)]);
    await settled();
    await accepted([
      event("observation-create", { id, type: "GENERATION", traceId: first, startTime: "2026-05-01T09:00:00Z", name: "earlier" }, 1),
    ]);
    await settled();
    await accepted([event("observation-update", { id, type: "GENERATION", traceId: first }, 20)]);
    await settled();
    for (const table of ["observations", "events"]) {
      const idColumn = table === "events" ? "span_id" : "id";
      expect(
        await rows(`SELECT trace_id, type, name, toString(start_time) AS start FROM ${table} FINAL WHERE ${idColumn} = '${id}'`),
      ).toMatchObject([{ trace_id: first, type: "GENERATION", name: "span" }]);
    }
  });

  it("an observation whose events name its trace only later ends beside it", async () => {
    const [id, trace] = [unique("o"), unique("trace")];
    await accepted([event("trace-create", { id: trace, userId: "the user" })]);
    await accepted([event("span-update", { id, output: "late" }, 5)]);
    await settled();
    await accepted([event("span-create", { id, traceId: trace, startTime: at(1), name: "span" }, 1)]);
    await settled();
    expect(await rows(`SELECT trace_id, user_id, output FROM events FINAL WHERE span_id = '${id}'`)).toEqual([
      { trace_id: trace, user_id: "the user", output: "late" },
    ]);
  });

  it("payloads of every kind come back as they were", async () => {
    const trace = unique("trace");
    const payloads = [
      "quote \" ' \\ \n \t",
      "😀 ไทย \u2028",
      '{"json": "in text"}',
      { "": 1, __proto__x: [null, 1e21] },
      [[]],
      "",
      0,
      false,
      "<Error>not one</Error>",
    ];
    await accepted(payloads.map((input, i) => event("span-create", { id: `${trace}-${i}`, traceId: trace, startTime: at(i), input })));
    await settled();
    const found = await rows<{ input: string | null }>(
      `SELECT input FROM observations FINAL WHERE trace_id = '${trace}' ORDER BY start_time`,
    );
    expect(found.map(({ input }) => input)).toEqual(payloads.map((input) => (typeof input === "string" ? input : JSON.stringify(input))));
  });
});

describe("deletion", () => {
  it("of traces removes their files, log rows and rows, and leaves others", async () => {
    const [gone, kept] = [conversation(), conversation()];
    await accepted([...gone.events, ...kept.events]);
    await settled();
    const logged = (trace: string) =>
      execute<{ path: string }>(db(), sql`select bucket_path as path from event_log where trace_id = ${trace}`).then((all) =>
        all.map(({ path }) => path),
      );
    const paths = await logged(gone.trace);
    expect(paths.length).toBeGreaterThan(5);
    const response = await call(`traces/${gone.trace}`, { method: "DELETE" });
    expect(response.status).toBe(200);
    await settled();
    expect(await logged(gone.trace)).toEqual([]);
    expect(Object.values(await contents(gone.trace)).flat()).toEqual([]);
    expect((await contents(kept.trace)).events).toHaveLength(3);
    expect((await logged(kept.trace)).length).toBe(paths.length);
  });
});
