/** The OpenAI SDK observed by Langfuse's wrapper: a completion, and a stream. */
import { observeOpenAI } from "@langfuse/openai";
import OpenAI from "openai";
import { modelUrl, said, withLangfuse } from "./report.ts";

const provider = withLangfuse();
const openai = observeOpenAI(new OpenAI({ baseURL: modelUrl, apiKey: "none" }), {
  userId: "user-openai-langfuse",
  sessionId: "session-openai-langfuse",
  tags: ["clients"],
  generationName: "openai-langfuse-text",
});
const messages = [{ role: "user" as const, content: "What is the capital of France?" }];
const { choices, usage } = await openai.chat.completions.create({ model: "gpt-4o", messages });
const stream = await openai.chat.completions.create({ model: "gpt-4o", messages, stream: true, stream_options: { include_usage: true } });
for await (const _ of stream);
await provider.forceFlush();
await provider.shutdown();
said({ text: choices[0]?.message.content, usage });
