/** Mastra with its exporter for Langfuse: an agent that answers once. */
import { createOpenAI } from "@ai-sdk/openai";
import { Agent } from "@mastra/core/agent";
import { Mastra } from "@mastra/core/mastra";
import { LangfuseExporter } from "@mastra/langfuse";
import { Observability } from "@mastra/observability";
import { langfuse, modelUrl, said } from "./report.ts";

const openai = createOpenAI({ baseURL: modelUrl, apiKey: "none" });
const mastra = new Mastra({
  agents: {
    capitals: new Agent({
      id: "capitals",
      name: "capitals",
      instructions: "You answer in one word.",
      model: openai.chat("gpt-4o") as never,
    }),
  },
  observability: new Observability({
    configs: { langfuse: { serviceName: "clients", exporters: [new LangfuseExporter({ ...langfuse, realtime: true })] } },
  }) as never,
  logger: false,
});
const agent = mastra.getAgent("capitals");
const answer = await agent.generate("What is the capital of France?", {
  tracingOptions: { metadata: { userId: "user-mastra", sessionId: "session-mastra" } },
});
await mastra.shutdown();
said({ text: answer.text, usage: answer.usage });
process.exit(0);
