/** The OpenAI SDK instrumented by OpenInference, sent by a plain exporter. */
import { isPatched, OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import OpenAI from "openai";
import { modelUrl, said, withExporter } from "./report.ts";

const provider = withExporter();
const instrumentation = new OpenAIInstrumentation({ tracerProvider: provider as never });
instrumentation.manuallyInstrument(OpenAI as never);
if (!isPatched()) throw new Error("the OpenAI SDK is not instrumented");
const openai = new OpenAI({ baseURL: modelUrl, apiKey: "none" });
const { choices, usage } = await openai.chat.completions.create({
  model: "gpt-4o",
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
const embedding = await openai.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] });
await provider.forceFlush();
await provider.shutdown();
said({ text: choices[0]?.message.content, usage, embedding: embedding.usage });
