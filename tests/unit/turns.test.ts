/** Work in pieces beside other work of the same process. Every turn is over at once here, so that what is shown is the order, not the time. */
import { describe, expect, it } from "vitest";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { mapSpans, mapSpansInPieces } from "../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import type { Pieces } from "../../core/pieces.ts";
import { openTokenCounter } from "../../runner/ingestion/count-tokens.ts";
import { createTurns } from "../../runner/turns.ts";

const impatientClock = () => {
  let asked = 0;
  return { steadyMs: () => (asked += 25), wait: () => new Promise<void>((resolve) => setImmediate(resolve)) };
};
const turns = (signal = new AbortController().signal) => createTurns(signal, impatientClock());

function* counting(pieces: number, ended: string[], name: string): Pieces<number> {
  for (let piece = 0; piece < pieces; piece++) yield;
  ended.push(name);
  return pieces;
}

const hex = (number: number, length: number) => number.toString(16).padStart(length, "0");
const requestOf = (spans: number) =>
  parseTracesJson(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [] },
          scopeSpans: [
            {
              scope: { name: "tests" },
              spans: Array.from({ length: spans }, (_, at) => ({
                traceId: hex(1 + (at % 10), 32),
                spanId: hex(at + 1, 16),
                name: "span",
                startTimeUnixNano: "1767225600000000000",
                endTimeUnixNano: "1767225601000000000",
              })),
            },
          ],
        },
      ],
    }),
  ).traces;
const context = { publicKey: "pk", sdkName: "", sdkVersion: "", nowMs: Date.UTC(2026, 0, 2) };

describe("work in turns", () => {
  it("that came later and is short ends first", async () => {
    const ended: string[] = [];
    const long = turns().run(counting(1000, ended, "long"));
    const short = turns().run(counting(3, ended, "short"));
    expect(await Promise.all([long, short])).toEqual([1000, 3]);
    expect(ended).toEqual(["short", "long"]);
  });

  it("lets timers have their turn", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const { pause } = createTurns(new AbortController().signal, {
      steadyMs: impatientClock().steadyMs,
      wait: () => new Promise((resolve) => setTimeout(resolve, 2)),
    });
    for (let piece = 0; piece < 5; piece++) await pause();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it("does not wait while its turn lasts", async () => {
    let waits = 0;
    const { run } = createTurns(new AbortController().signal, { steadyMs: () => 0, wait: async () => void waits++ });
    await run(counting(1000, [], "any"));
    expect(waits).toBe(0);
  });

  it("ends with the reason of the signal, in the middle", async () => {
    const reason = new Error("the lease is lost");
    const { run } = createTurns(AbortSignal.abort(reason), {
      ...impatientClock(),
      wait: (_, signal) => Promise.reject(signal?.reason as Error),
    });
    const ended: string[] = [];
    await expect(run(counting(1000, ended, "any"))).rejects.toBe(reason);
    expect(ended).toEqual([]);
  });
});

describe("a canary ends before the heavy work of another project:", () => {
  it("one span beside a request of 2,000", async () => {
    const ended: string[] = [];
    const map = async (name: string, spans: number) => {
      const mapped = await turns().run(mapSpansInPieces(requestOf(spans), context));
      ended.push(name);
      return mapped;
    };
    const [heavy] = await Promise.all([map("heavy", 2000), map("canary", 1)]);
    expect(ended).toEqual(["canary", "heavy"]);
    expect(heavy).toEqual(mapSpans(requestOf(2000), context));
    expect(heavy.events.filter(({ type }) => type === "span-create")).toHaveLength(2000);
    expect(heavy.events.every((event) => parseEvent(event, { isInternal: true }).ok)).toBe(true);
  });

  it("one word beside a text of 50,000 characters without a space", async () => {
    const count = await openTokenCounter();
    const ended: string[] = [];
    const counted = async (name: string, text: string) => {
      const pieces = count("o200k_base", text);
      const tokens = pieces === undefined ? undefined : await turns().run(pieces);
      ended.push(name);
      return tokens;
    };
    const [heavy, canary] = await Promise.all([counted("heavy", "ab".repeat(25_000)), counted("canary", "hello world")]);
    expect(ended).toEqual(["canary", "heavy"]);
    expect(heavy).toBeGreaterThan(1000);
    expect(canary).toBe(2);
  });
});
