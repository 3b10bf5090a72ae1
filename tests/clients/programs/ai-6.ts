/** AI SDK 6 with its own telemetry: a text, the same as a stream, embeddings. */
import { createOpenAI } from "@ai-sdk/openai-6";
import { embedMany, generateText, streamText } from "ai-6";
import { modelUrl, said, withLangfuse } from "./report.ts";

const provider = withLangfuse();
const openai = createOpenAI({ baseURL: modelUrl, apiKey: "none" });
const telemetry = (functionId: string) => ({
  experimental_telemetry: { isEnabled: true, functionId, metadata: { userId: "user-ai-6", sessionId: "session-ai-6", tags: ["clients"] } },
});
const chat = openai.chat("gpt-4o");
const { text, usage } = await generateText({ model: chat, prompt: "What is the capital of France?", ...telemetry("ai-6-text") });
const stream = streamText({ model: openai.responses("gpt-4o"), prompt: "What is the capital of France?", ...telemetry("ai-6-stream") });
for await (const _ of stream.textStream);
const { usage: embedding } = await embedMany({
  model: openai.embedding("text-embedding-3-small"),
  values: ["one", "two"],
  ...telemetry("ai-6-embed"),
});
await provider.forceFlush();
await provider.shutdown();
said({ text, usage, streamed: await stream.usage, embedding });
