/** The pages of the site by reader, in reading order. One line adds a page; a page without a line fails tests/unit/docs.test.ts. */

/** Name of the file in `docs/` without its extension, and the words that stand for it in the menu. */
type Page = readonly [name: string, title: string];
type Group = { reader: string; title: string; pages: readonly Page[] };

export const navigation = [
  {
    reader: "Use",
    title: "Exports",
    pages: [
      ["getting-started", "Getting started"],
      ["exports", "Exports"],
      ["tables", "Looking into tables"],
      ["filters", "Filters"],
      ["formats", "Formats"],
      ["export-files", "What files hold"],
      ["errors", "Errors"],
    ],
  },
  {
    reader: "Use",
    title: "Access",
    pages: [
      ["api-keys", "API keys"],
      ["sign-in", "Sign-in and members"],
      ["limits", "Limits"],
      ["client", "TypeScript client"],
      ["command-line", "Command line"],
      ["command-line-reference", "Command line reference"],
      ["agents", "Agents"],
      ["webhooks", "Webhooks"],
      ["webhook-events", "Webhook events"],
    ],
  },
  {
    reader: "Use",
    title: "Integrations",
    pages: [
      ["integrations", "How they work"],
      ["integrations-api", "API"],
      ["integrations-storage", "Buckets and warehouses"],
      ["analytics-sinks", "PostHog and Mixpanel"],
    ],
  },
  {
    reader: "Use",
    title: "Sending and reading",
    pages: [
      ["sending", "Sending traces"],
      ["opentelemetry", "OpenTelemetry"],
      ["usage", "Token usage"],
      ["models", "Models and prices"],
      ["reading-back", "Reading back"],
    ],
  },
  {
    reader: "Use",
    title: "Migrating",
    pages: [
      ["migration-langfuse", "From Langfuse exports"],
      ["migration-langsmith", "From LangSmith bulk export"],
    ],
  },
  {
    reader: "Operate",
    title: "Operating",
    pages: [
      ["self-hosting", "Self-hosting"],
      ["operations", "Operations"],
      ["scaling", "Scaling"],
      ["egress", "Egress"],
      ["ingestion", "Ingestion in depth"],
      ["trace-aggregates", "Trace aggregates"],
    ],
  },
  {
    reader: "Develop",
    title: "Developing",
    pages: [
      ["architecture", "Architecture"],
      ["glossary", "Glossary"],
      ["extending", "Extending"],
      ["console", "The console"],
      ["benchmarks", "Benchmarks"],
    ],
  },
] as const satisfies readonly Group[];
