/** OpenTelemetry, mapping: the level and status message of an observation. */
import type { ObservationBody } from "../ingestion/event.ts";
import { langfuse } from "./attribute-names.ts";
import { type Attributes, firstText, toNumber } from "./attributes.ts";
import { exceptionMessage, statusError } from "./exception.ts";
import type { SpanFacts } from "./span-facts.ts";

type Level = NonNullable<ObservationBody["level"]>;

const levelOfWord = new Map<string, Level>([
  ...["DEBUG", "TRACE", "VERBOSE"].map((word): [string, Level] => [word, "DEBUG"]),
  ...["DEFAULT", "INFO", "LOG", "NOTICE", "OK", "SUCCESS"].map((word): [string, Level] => [word, "DEFAULT"]),
  ...["WARN", "WARNING"].map((word): [string, Level] => [word, "WARNING"]),
  ...["ERROR", "FATAL", "CRITICAL"].map((word): [string, Level] => [word, "ERROR"]),
]);

/** Spans that LiveKit emits many times per second of conversation. */
const liveKitNoise = new Set([
  "user_speaking",
  "eou_detection",
  "llm_request_run",
  "tts_node",
  "tts_request",
  "tts_request_run",
  "tts_stream_adapter",
  "agent_speaking",
  "drain_agent_activity",
  "on_exit",
  "on_enter",
  "llm_fallback_adapter",
  "tts_fallback_adapter",
  "start_agent_activity",
]);

export const observationLevel = ({ attributes, span, scope }: SpanFacts): Level => {
  const word = attributes.get(langfuse.level);
  const level = typeof word === "string" ? levelOfWord.get(word.trim().toUpperCase()) : undefined;
  if (level !== undefined) return level;
  if (span.status.code === statusError || isFailedElsewhere(attributes)) return "ERROR";
  const severity = toNumber(attributes.get("logfire.level_num"));
  if (severity !== undefined) return levelOfSeverity(severity);
  return scope.name === "livekit-agents" && liveKitNoise.has(span.name) ? "DEBUG" : "DEFAULT";
};

/** Logfire gives spans the severity numbers of logs: https://opentelemetry.io/docs/specs/otel/logs/data-model/ (read 2026-11-30). */
const levelOfSeverity = (severity: number): Level => {
  if (severity >= 17) return "ERROR";
  if (severity >= 13) return "WARNING";
  return severity >= 9 || severity < 1 ? "DEFAULT" : "DEBUG";
};

/**
 * Spans that came by a protocol without a status have it as attributes:
 * https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/ (read 2026-11-30).
 */
const isFailedElsewhere = (attributes: Attributes): boolean => attributes.get("otel.status_code") === "ERROR";

/** Returns the message set explicitly, else that of the span's status, else that of its recorded exception. */
export const statusMessage = (facts: SpanFacts): string | undefined =>
  firstText(facts.attributes, [langfuse.statusMessage]) ??
  facts.span.status.message ??
  firstText(facts.attributes, ["otel.status_description"]) ??
  exceptionMessage(facts);
