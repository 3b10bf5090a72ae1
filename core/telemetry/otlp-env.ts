/**
 * Configuration: where traces of our own are sent, by OpenTelemetry's variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/, read 2026-11). The Worker and the runner share them.
 */
import { z } from "zod";
import { parseHeaders } from "./parse-headers.ts";

const httpUrl = z.url().regex(/^https?:/, "must begin with http: or https:");

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export const otlpShape = {
  /** Base address of an OTLP collector over HTTP; /v1/traces or /v1/metrics is added. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** Full address for traces; takes precedence. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default(""),
  OTEL_TRACES_EXPORTER: z.enum(["otlp", "none"]).default("otlp"),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default("parentbased_always_on"),
  /** Share of traces, 0 to 1, for the two samplers by ratio. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

type OtlpEnv = z.infer<z.ZodObject<typeof otlpShape>>;

export type TraceSettings = {
  url: string;
  headers: Record<string, string>;
  sampler: (typeof samplers)[number];
  ratio: number;
};

/** Null sends nothing: no address, or OTEL_TRACES_EXPORTER=none. */
export const traceSettings = (e: OtlpEnv): TraceSettings | null => {
  const url = otlpUrl(e.OTEL_EXPORTER_OTLP_ENDPOINT, e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, "traces");
  if (url === null || e.OTEL_TRACES_EXPORTER === "none") return null;
  return { url, headers: otlpHeaders(e), sampler: e.OTEL_TRACES_SAMPLER, ratio: e.OTEL_TRACES_SAMPLER_ARG };
};

/** Headers of every request to the collector. Those that `otlpProblems` refuses are none. */
export const otlpHeaders = (e: Pick<OtlpEnv, "OTEL_EXPORTER_OTLP_HEADERS">): Record<string, string> => {
  const headers = parseHeaders(e.OTEL_EXPORTER_OTLP_HEADERS);
  return headers.ok ? headers.headers : {};
};

/** Names the variable and never its value. */
export const otlpProblems = (e: Pick<OtlpEnv, "OTEL_EXPORTER_OTLP_HEADERS">): string[] => {
  const headers = parseHeaders(e.OTEL_EXPORTER_OTLP_HEADERS);
  return headers.ok ? [] : [`OTEL_EXPORTER_OTLP_HEADERS: ${headers.problem}`];
};

/** Returns the address of a signal: its own, else below the base address. */
export const otlpUrl = (base: string | undefined, own: string | undefined, signal: "traces" | "metrics"): string | null =>
  own ?? (base === undefined ? null : `${base.replace(/\/$/, "")}/v1/${signal}`);
