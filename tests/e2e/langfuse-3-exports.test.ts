import { Langfuse } from "langfuse";
import { beforeAll, describe, expect, it } from "vitest";
import { iso, sendConversation, sessionId, traceId } from "../support/langfuse-3-conversation.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { connection, exported, settled } = useWholeStack();

beforeAll(async () => {
  await sendConversation(connection());
  await settled();
});

const byId = (rows: readonly Record<string, unknown>[]) => rows.toSorted((a, b) => (String(a["id"]) < String(b["id"]) ? -1 : 1));
const ofTrace = [{ column: "traceId", type: "string", operator: "=", value: traceId }];

describe("langfuse 3: what was sent appears in an export, field for field", () => {
  it("observations with the fields of their trace", async () => {
    const rows = byId(await exported("events", ofTrace));
    const trace = { traceId, traceName: "chat renamed", userId: "user-3", sessionId, tags: ["alpha", "beta", "gamma"], release: "r1" };
    const shared = { ...trace, environment: "staging", helpful: [0.9] };
    expect(rows).toMatchObject([
      {
        ...shared,
        id: "event-3",
        type: "EVENT",
        name: "first token",
        parentObservationId: "generation-3",
        level: "WARNING",
        statusMessage: "slow",
        input: "event input",
        output: [null, false, 0],
      },
      {
        ...shared,
        id: "generation-3",
        type: "GENERATION",
        name: "answer",
        parentObservationId: "span-3",
        providedModelName: "gpt-4o-2024-08-06",
        modelParameters: { temperature: 0.2, maxTokens: 100, stop: ["a", "b"] },
        input: [{ role: "user", content: "why? 😀" }],
        output: { role: "assistant", content: "because" },
        metadata: { finish: "stop" },
        version: "g1",
        promptName: "explain",
        usageDetails: { input: "1000", output: "200", total: "1200" },
        totalCost: "0.0045",
        tone: ["kind"],
      },
      {
        ...shared,
        id: "priced-3",
        providedModelName: "in-house",
        usageDetails: { input: "10", output: "5", input_cached_tokens: "3", total: "18" },
        totalCost: "0.35",
      },
      {
        ...shared,
        id: "span-3",
        type: "SPAN",
        name: "retrieve",
        level: "DEBUG",
        statusMessage: "found 2",
        version: "s1",
        input: { k: 3 },
        output: ["a", "b"],
        metadata: { index: "docs" },
      },
    ]);
  });

  it("traces and scores", async () => {
    const [whole] = await exported("traces", [{ column: "id", type: "string", operator: "=", value: traceId }]);
    expect(whole).toMatchObject({
      timestamp: iso(0),
      name: "chat renamed",
      userId: "user-3",
      sessionId,
      version: "2.0",
      release: "r1",
      environment: "staging",
      public: true,
      input: { question: "why?" },
      output: "because",
      tags: ["alpha", "beta", "gamma"],
      metadata: { plan: "pro" },
    });
    const scored = await exported("scores", ofTrace);
    expect(scored.map(({ name, value, stringValue, comment }) => [name, value, stringValue, comment]).toSorted()).toMatchObject([
      ["helpful", 0.9, null, "good"],
      ["relevant", 0, "False", null],
      ["tone", expect.anything(), "kind", "soft"],
    ]);
  });
});

describe("langfuse 3", () => {
  it("two thousand events sent as an application sends them all arrive", async () => {
    const sender = new Langfuse({ ...connection(), requestTimeout: 60_000, flushAt: 100 });
    const failures: unknown[] = [];
    sender.on("error", (error: unknown) => failures.push(error));
    const load = "load";
    for (let t = 0; t < 100; t++) {
      const trace = sender.trace({ id: `load-${t}`, name: "load", sessionId: load });
      for (let s = 0; s < 9; s++) trace.span({ id: `load-${t}-${s}`, name: `span ${s}`, input: { t, s } }).end({ output: s });
    }
    await sender.shutdownAsync();
    expect(failures).toEqual([]);
    await settled();
    const rows = await exported("events", [{ column: "sessionId", type: "string", operator: "=", value: load }]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(900);
    expect(rows.length).toBe(900);
    expect(rows.every(({ output, endTime }) => output !== null && endTime !== null)).toBe(true);
  });
});
