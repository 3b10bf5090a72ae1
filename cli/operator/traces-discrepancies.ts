/**
 * `npm run traces:discrepancies -- --project ID --from INSTANT …`: shows where `traces` and its aggregates differ. Exit status 0: no
 * differences, 1: differences, 2: misuse or no answer.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { chooseTraceSource } from "../../core/traces/choose-trace-source.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import { type ClickHouseConfig, createClickHouse } from "../../db/clickhouse/client.ts";
import { repositoryRoot } from "../../local/service.ts";
import { findDiscrepancies } from "../../services/traces/find-discrepancies.ts";

const usage = `Usage:
  npm run traces:discrepancies -- --project ID --from INSTANT [--to INSTANT] [--limit EXAMPLES] [--table ${aggregateTables.join("|")}]
Instants are ISO 8601 with a zone, such as 2026-01-31T00:00:00Z, or dates, which begin at midnight UTC.
Reads the running local stack, or CLICKHOUSE_URL with CLICKHOUSE_USER, CLICKHOUSE_PASSWORD and CLICKHOUSE_DB.`;

const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], "must be an instant such as 2026-01-31T00:00:00Z, or a date")
  .transform((text) => new Date(text));

const Options = z.object({
  project: z.string("must be given").min(1, "must be given"),
  from: instant,
  to: instant.optional(),
  limit: z.coerce.number().int().min(0).max(1000).default(5),
  table: z.enum(aggregateTables).optional(),
});

const misuse = (problem: string): never => {
  console.error(`${problem}\n${usage}`);
  process.exit(2);
};

const parseOptions = (args: string[]): z.infer<typeof Options> => {
  const text = { type: "string" } as const;
  let values: unknown;
  try {
    ({ values } = parseArgs({ args, options: { project: text, from: text, to: text, limit: text, table: text } }));
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
  const parsed = Options.safeParse(values);
  if (!parsed.success) return misuse(parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n"));
  if (parsed.data.to !== undefined && parsed.data.to <= parsed.data.from) return misuse("--to: must be later than --from");
  return parsed.data;
};

const clickHouseConfig = (env: Record<string, string | undefined>): ClickHouseConfig => {
  const account = { user: env["CLICKHOUSE_USER"] || "default", password: env["CLICKHOUSE_PASSWORD"] ?? "" };
  if (env["CLICKHOUSE_URL"]) return { ...account, url: env["CLICKHOUSE_URL"], database: env["CLICKHOUSE_DB"] || "default" };
  const file = join(env["SPILLWAY_DATA_DIR"] || join(repositoryRoot, ".spillway"), "stack.json");
  if (!existsSync(file)) {
    console.error("No stack is running here. Start it with `npm start`, or set CLICKHOUSE_URL.");
    process.exit(2);
  }
  const { clickhouseUrl } = z.object({ clickhouseUrl: z.string() }).parse(JSON.parse(readFileSync(file, "utf8")));
  return { ...account, url: clickhouseUrl, database: env["CLICKHOUSE_DB"] || "spillway" };
};

const { project, from, to, limit, table } = parseOptions(process.argv.slice(2).filter((arg) => arg !== "--"));
const source = table ?? chooseTraceSource({ from, now: new Date(), flags: { aggregateTables: [] } });
try {
  const { compared, discrepancies } = await findDiscrepancies(
    { clickhouse: createClickHouse(clickHouseConfig(process.env), fetch) },
    { projectId: project, source, from, to: to ?? null, examplesMax: limit },
  );
  console.log(`${compared} traces compared with ${source}`);
  for (const { field, countTraces, examples } of discrepancies) {
    console.log(`${field}: ${countTraces}`);
    for (const { id, traces, aggregate } of examples)
      console.log(`  ${JSON.stringify(id)}  traces ${JSON.stringify(traces)}  aggregate ${JSON.stringify(aggregate)}`);
  }
  process.exitCode = discrepancies.length === 0 ? 0 : 1;
} catch (error) {
  // Not 1: a failed comparison must not look like a difference.
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof AppError && error.detail !== undefined) console.error(error.detail);
  process.exitCode = 2;
}
