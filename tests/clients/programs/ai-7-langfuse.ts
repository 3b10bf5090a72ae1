/** AI SDK 7 with Langfuse's integration: a text, the same as a stream, embeddings. */
import { createOpenAI } from "@ai-sdk/openai";
import { propagateAttributes } from "@langfuse/tracing";
import { LangfuseVercelAiSdkIntegration } from "@langfuse/vercel-ai-sdk";
import { embedMany, generateText, registerTelemetry, streamText } from "ai";
import { modelUrl, said, withLangfuse } from "./report.ts";

const provider = withLangfuse();
registerTelemetry(new LangfuseVercelAiSdkIntegration());
const openai = createOpenAI({ baseURL: modelUrl, apiKey: "none" });
const context = { userId: "user-ai-7-langfuse", sessionId: "session-ai-7-langfuse", tags: ["clients"] };
const prompt = "What is the capital of France?";
const { text, usage } = await propagateAttributes(context, () =>
  generateText({ model: openai.chat("gpt-4o"), prompt, telemetry: { functionId: "ai-7-langfuse-text" } }),
);
const streamed = await propagateAttributes(context, async () => {
  const stream = streamText({ model: openai.responses("gpt-4o"), prompt, telemetry: { functionId: "ai-7-langfuse-stream" } });
  for await (const _ of stream.textStream);
  return stream.usage;
});
const { usage: embedding } = await propagateAttributes(context, () =>
  embedMany({
    model: openai.embedding("text-embedding-3-small"),
    values: ["one", "two"],
    telemetry: { functionId: "ai-7-langfuse-embed" },
  }),
);
await provider.forceFlush();
await provider.shutdown();
said({ text, usage, streamed, embedding });
