/**
 * OpenTelemetry, mapping: attributes that give the time to first token, one row per spelling, in order of precedence.
 * Facts about the senders were read on 2026-11-28 at the given URLs.
 */

export type WaitUnit = "s" | "ms" | "ns";

/** Lists several units where senders disagree; the first in which the wait fits into the span applies. */
type FirstTokenName = { name: string; units: readonly [WaitUnit, ...WaitUnit[]]; sender: string; url: string; scope?: string };

export const firstTokenNames: readonly FirstTokenName[] = [
  { name: "ai.response.msToFirstChunk", units: ["ms"], sender: "AI SDK", url: "https://ai-sdk.dev/docs/ai-sdk-core/telemetry" },
  { name: "ai.stream.msToFirstChunk", units: ["ms"], sender: "AI SDK 3", url: "https://ai-sdk.dev/docs/ai-sdk-core/telemetry" },
  {
    name: "gen_ai.response.time_to_first_chunk",
    units: ["s"],
    sender: "GenAI conventions",
    url: "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md",
  },
  {
    name: "gen_ai.client.operation.time_to_first_chunk",
    units: ["s"],
    sender: "AI SDK 7, @ai-sdk/otel",
    url: "https://github.com/vercel/ai/blob/main/packages/otel/src/open-telemetry.ts",
  },
  {
    name: "gen_ai.server.time_to_first_token",
    units: ["ms"],
    sender: "Strands Agents",
    url: "https://github.com/strands-agents/sdk-python/blob/main/src/strands/telemetry/tracer.py",
    scope: "strands.telemetry.tracer",
  },
  {
    name: "gen_ai.server.time_to_first_token",
    units: ["s", "ms"],
    sender: "OpenLIT (seconds), Strands Agents for JavaScript (milliseconds)",
    url: "https://docs.openlit.io/latest/sdk/semantic-conventions",
  },
  {
    name: "gen_ai.response.time_to_first_token",
    units: ["s", "ms", "ns"],
    sender: "Sentry (seconds), LoongSuite (nanoseconds)",
    url: "https://getsentry.github.io/sentry-conventions/attributes/gen_ai/",
  },
  {
    name: "gen_ai.user.time_to_first_token",
    units: ["ns"],
    sender: "Dify",
    url: "https://github.com/langgenius/dify/blob/main/api/core/observability/otel/semconv/gen_ai.py",
  },
  {
    name: "copilot_chat.time_to_first_token",
    units: ["ms"],
    sender: "VS Code Copilot",
    url: "https://github.com/microsoft/vscode-copilot-chat/blob/main/docs/monitoring/agent_monitoring.md",
  },
  {
    name: "lk.response.ttft",
    units: ["s"],
    sender: "LiveKit",
    url: "https://github.com/livekit/agents/blob/main/livekit-agents/livekit/agents/telemetry/trace_types.py",
  },
  {
    name: "gen_ai.latency.time_to_first_token",
    units: ["s"],
    sender: "vLLM, SGLang",
    url: "https://github.com/vllm-project/vllm/blob/main/vllm/tracing/utils.py",
  },
  {
    name: "gen_ai.response.ttft_ms",
    units: ["ms"],
    sender: "Spans set by hand",
    url: "https://opentelemetry.io/docs/specs/semconv/gen-ai/",
  },
  {
    name: "llm.time_to_first_token",
    units: ["s", "ms"],
    sender: "Spans set by hand",
    url: "https://opentelemetry.io/docs/specs/semconv/gen-ai/",
  },
  {
    name: "metrics.ttfb",
    units: ["s"],
    sender: "Pipecat",
    url: "https://docs.pipecat.ai/server/utilities/opentelemetry",
    scope: "pipecat",
  },
  {
    name: "ttft_ms",
    units: ["ms"],
    sender: "Claude Code",
    url: "https://code.claude.com/docs/en/monitoring-usage",
    scope: "com.anthropic.claude_code.tracing",
  },
];

/** Attributes that hold the instant itself, ISO 8601. */
export const firstTokenInstantNames = ["langfuse.observation.completion_start_time", "mastra.completion_start_time"];

/** Events that mark the first token: OpenInference, AI SDK, OpenLLMetry before and since 2025, Langtrace, LangWatch. */
export const firstTokenEventNames = new Set([
  "First Token Stream Event",
  "ai.stream.firstChunk",
  "llm.content.completion.chunk",
  "gen_ai.completion.chunk",
  "stream.output",
  "first_token",
  "gen_ai.content.first_token",
]);
