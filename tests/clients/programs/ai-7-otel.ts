/** AI SDK 7 with its OpenTelemetry integration, which follows the GenAI conventions: a text, the same as a stream, embeddings. */
import { createOpenAI } from "@ai-sdk/openai";
import { OpenTelemetry } from "@ai-sdk/otel";
import { propagateAttributes } from "@langfuse/tracing";
import { embedMany, generateText, registerTelemetry, streamText } from "ai";
import { modelUrl, said, withLangfuse } from "./report.ts";

const provider = withLangfuse();
registerTelemetry(new OpenTelemetry());
const openai = createOpenAI({ baseURL: modelUrl, apiKey: "none" });
const context = { userId: "user-ai-7-otel", sessionId: "session-ai-7-otel", tags: ["clients"] };
const prompt = "What is the capital of France?";
const { text, usage } = await propagateAttributes(context, () =>
  generateText({ model: openai.chat("gpt-4o"), prompt, telemetry: { functionId: "ai-7-otel-text" } }),
);
const streamed = await propagateAttributes(context, async () => {
  const stream = streamText({ model: openai.responses("gpt-4o"), prompt, telemetry: { functionId: "ai-7-otel-stream" } });
  for await (const _ of stream.textStream);
  return stream.usage;
});
const { usage: embedding } = await propagateAttributes(context, () =>
  embedMany({ model: openai.embedding("text-embedding-3-small"), values: ["one", "two"], telemetry: { functionId: "ai-7-otel-embed" } }),
);
await provider.forceFlush();
await provider.shutdown();
said({ text, usage, streamed, embedding });
