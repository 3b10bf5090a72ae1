/** What every program reads from its environment and says at its end: one line of JSON with what the client itself knew of the call. */

import { LangfuseSpanProcessor } from "@langfuse/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

export const langfuse = {
  publicKey: variable("LANGFUSE_PUBLIC_KEY"),
  secretKey: variable("LANGFUSE_SECRET_KEY"),
  baseUrl: variable("LANGFUSE_BASE_URL"),
};
export const modelUrl = variable("MODEL_URL");
export const authorization = `Basic ${btoa(`${langfuse.publicKey}:${langfuse.secretKey}`)}`;
export const tracesUrl = `${langfuse.baseUrl}/api/public/otel/v1/traces`;

const registered = (processor: SpanProcessor): NodeTracerProvider => {
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  return provider;
};

/** Spans go out as a user of Langfuse's SDK sends them. */
export const withLangfuse = (): NodeTracerProvider => registered(new LangfuseSpanProcessor());

/** Spans go out as anybody sends them who has an OTLP exporter and a key. */
export const withExporter = (): NodeTracerProvider =>
  registered(new BatchSpanProcessor(new OTLPTraceExporter({ url: tracesUrl, headers: { Authorization: authorization } }) as never));

export const said = (what: object): void => console.log(JSON.stringify(what));
