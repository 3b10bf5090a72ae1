/** A conversation as langfuse 3 sends it. */
import { Langfuse, type LangfusePromptClient } from "langfuse";
import { expect } from "vitest";

type Keys = { publicKey: string; secretKey: string; baseUrl: string };

const startMs = Date.UTC(2026, 4, 1, 10);
const at = (seconds: number): Date => new Date(startMs + seconds * 1000);
/** Seconds after it began. */
export const iso = (seconds: number): string => at(seconds).toISOString();

export const traceId = "trace-3";
export const sessionId = "session-3";

/** What the SDK reads of a prompt; prompts themselves are not kept here. */
const prompt = (name: string, version: number) => ({ name, version, isFallback: false }) as LangfusePromptClient;

/** A conversation with everything the SDK can say: nested, updated and scored. */
export const sendConversation = async (keys: Keys): Promise<void> => {
  const sender = new Langfuse({ ...keys, requestTimeout: 60_000, release: "r1", environment: "staging" });
  const failures: unknown[] = [];
  sender.on("error", (error: unknown) => failures.push(error));
  const trace = sender.trace({
    id: traceId,
    timestamp: at(0),
    name: "chat",
    userId: "user-3",
    sessionId,
    tags: ["beta", "alpha"],
    metadata: { plan: "pro", nested: { deep: [1, 2] }, kept: true },
    version: "2.0",
    input: { question: "why?" },
    public: true,
  });
  const span = trace.span({
    id: "span-3",
    name: "retrieve",
    startTime: at(1),
    input: { k: 3 },
    metadata: { index: "docs" },
    level: "DEBUG",
    version: "s1",
  });
  const generation = span.generation({
    id: "generation-3",
    name: "answer",
    startTime: at(2),
    completionStartTime: at(2.5),
    model: "gpt-4o-2024-08-06",
    modelParameters: { temperature: 0.2, maxTokens: 100, stop: ["a", "b"] },
    input: [{ role: "user", content: "why? 😀" }],
    prompt: prompt("explain", 7),
  });
  generation.event({
    id: "event-3",
    name: "first token",
    startTime: at(2.5),
    input: "event input",
    output: [null, false, 0],
    level: "WARNING",
    statusMessage: "slow",
    metadata: { n: 1.5 },
  });
  generation.update({ metadata: { finish: "stop" }, version: "g1" });
  generation.update({
    output: { role: "assistant", content: "because" },
    usage: { input: 1000, output: 200, unit: "TOKENS" },
    endTime: at(4),
  });
  span.generation({
    id: "priced-3",
    name: "priced by the caller",
    startTime: at(4),
    endTime: at(5),
    model: "in-house",
    usageDetails: { input: 10, output: 5, input_cached_tokens: 3, total: 18 },
    costDetails: { input: 0.1, output: 0.25, total: 0.35 },
  });
  span.update({ endTime: at(6), output: ["a", "b"], statusMessage: "found 2", metadata: { hits: 2 } });
  trace.update({ output: "because", tags: ["gamma"], name: "chat renamed", metadata: { nested: { more: "x" } } });
  trace.score({ id: "score-number", name: "helpful", value: 0.9, comment: "good", metadata: { by: "judge" } });
  generation.score({ id: "score-word", name: "tone", value: "kind", dataType: "CATEGORICAL", comment: "soft" });
  span.score({ id: "score-boolean", name: "relevant", value: 0, dataType: "BOOLEAN" });
  sender.score({ id: "score-session", sessionId, name: "solved", value: 1, dataType: "BOOLEAN", comment: "whole session" });
  sender.trace({ id: "trace-3b", name: "second", timestamp: at(60), sessionId, input: "again" });
  await sender.shutdownAsync();
  expect(failures).toEqual([]);
};
