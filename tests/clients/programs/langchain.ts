/** LangChain with Langfuse's callback handler: a chain of a prompt and a chat model. */
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOpenAI } from "@langchain/openai";
import { CallbackHandler } from "@langfuse/langchain";
import { modelUrl, said, withLangfuse } from "./report.ts";

const provider = withLangfuse();
const handler = new CallbackHandler({ userId: "user-langchain", sessionId: "session-langchain", tags: ["clients"] });
const model = new ChatOpenAI({ model: "gpt-4o", apiKey: "none", configuration: { baseURL: modelUrl } });
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "You answer in one word."],
  ["human", "What is the capital of {country}?"],
]);
const chain = prompt.pipe(model).pipe(new StringOutputParser());
const text = await chain.invoke({ country: "France" }, { callbacks: [handler], runName: "langchain-text" });
const message = await model.invoke("What is the capital of France?");
await provider.forceFlush();
await provider.shutdown();
said({ text, usage: message.usage_metadata });
