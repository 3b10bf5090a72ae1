/** OpenLLMetry: a workflow with association properties around a call of the OpenAI SDK. */
import * as traceloop from "@traceloop/node-server-sdk";
import OpenAI from "openai";
import { authorization, langfuse, modelUrl, said } from "./report.ts";

traceloop.initialize({
  appName: "clients",
  baseUrl: `${langfuse.baseUrl}/api/public/otel`,
  headers: { Authorization: authorization },
  disableBatch: true,
  silenceInitializationMessage: true,
  instrumentModules: { openAI: OpenAI as never },
});
const openai = new OpenAI({ baseURL: modelUrl, apiKey: "none" });
const { choices, usage } = await traceloop.withAssociationProperties({ user_id: "user-traceloop", session_id: "session-traceloop" }, () =>
  traceloop.withWorkflow({ name: "traceloop-text" }, async () =>
    openai.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content: "What is the capital of France?" }] }),
  ),
);
await traceloop.forceFlush();
said({ text: choices[0]?.message.content, usage });
process.exit(0);
