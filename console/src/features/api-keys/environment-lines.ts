/** Lines for an environment file that make a program use a key: ready to paste, with nothing to replace. */

type Key = { origin: string; publicKey: string; secretKey: string };
type Recipe = { id: string; title: string; hint: string; lines: (key: Key) => string };

/** Names and addresses as the programs' own manuals give them. */
export const recipes: readonly Recipe[] = [
  {
    id: "langfuse",
    title: "Langfuse SDK",
    hint: "For the SDKs of Python and JavaScript. LANGFUSE_HOST is the name that older versions read.",
    lines: ({ origin, publicKey, secretKey }) => `LANGFUSE_PUBLIC_KEY=${publicKey}
LANGFUSE_SECRET_KEY=${secretKey}
LANGFUSE_BASE_URL=${origin}
LANGFUSE_HOST=${origin}`,
  },
  {
    id: "otlp",
    title: "OpenTelemetry",
    hint: "For every OTLP exporter. Traces only: leave metrics and logs where they go now.",
    lines: ({ origin, publicKey, secretKey }) => `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${origin}/api/public/otel/v1/traces
OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf
OTEL_EXPORTER_OTLP_TRACES_HEADERS=Authorization=Basic%20${btoa(`${publicKey}:${secretKey}`)}`,
  },
  {
    id: "cli",
    title: "Command line",
    hint: "For spillway and for scripts. Try it with: spillway tables",
    lines: ({ origin, publicKey, secretKey }) => `SPILLWAY_URL=${origin}
SPILLWAY_PUBLIC_KEY=${publicKey}
SPILLWAY_SECRET_KEY=${secretKey}`,
  },
];
