/**
 * `npm run bench:rows [-- --events 1000000 --rounds 5 --data DIR]`: what a page of a large table costs. Reads pages, histograms and
 * suggestions through the services of the API, and sums what ClickHouse says it read and how long it took, beside a bare SELECT of the
 * same rows. `--data` keeps the table for the next run. Figures: docs/benchmarks.md.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExportQuery } from "../../core/query/export-query.ts";
import { instantText } from "../../core/query/histogram.ts";
import type { RowPosition } from "../../core/query/keyset-order.ts";
import { events as eventsTable } from "../../core/query/tables/events.ts";
import type { FilterColumn } from "../../core/query/tables/table.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { countByTime } from "../../services/exports/count-by-time.ts";
import { listRows } from "../../services/exports/list-rows.ts";
import { listValues } from "../../services/exports/list-values.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { startPostgres } from "../postgres/start.ts";
import { fillEvents } from "./fill-events.ts";

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};
const events = Number(option("events") ?? 1_000_000);
const rounds = Number(option("rounds") ?? 5);
const only = option("only") ?? "";
const isVerbose = process.argv.includes("--verbose");
const kept = option("data");
const dir = kept ?? mkdtempSync(join(tmpdir(), "spillway-bench-rows-"));
mkdirSync(dir, { recursive: true });
chmodSync(dir, 0o755);

const server = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: join(dir, "postgres.log") });
const database = "bench";
await migrateClickHouse({ url: server.url, user: "default", password: "", database });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 2 });

type Cost = { rows: number; bytes: number; serverMs: number; queries: number };
let cost: Cost = { rows: 0, bytes: 0, serverMs: 0, queries: 0 };

const counting = (async (input: URL | RequestInfo, init?: RequestInit) => {
  const startedMs = performance.now();
  const response = await fetch(input, init);
  // Statements wait for their end, so the summary is complete.
  const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as Record<string, string | undefined>;
  const one = {
    rows: Number(summary["read_rows"] ?? 0),
    bytes: Number(summary["read_bytes"] ?? 0),
    ms: Number(summary["elapsed_ns"] ?? 0) / 1e6,
  };
  cost = { rows: cost.rows + one.rows, bytes: cost.bytes + one.bytes, serverMs: cost.serverMs + one.ms, queries: cost.queries + 1 };
  if (isVerbose)
    console.log(
      `    ${one.rows} rows, ${(one.bytes / 1e6).toFixed(1)} MB, server ${one.ms.toFixed(0)} ms, answered after ${(performance.now() - startedMs).toFixed(0)} ms`,
    );
  return response;
}) as typeof fetch;
const clickhouse = createClickHouse({ url: server.url, user: "default", password: "", database }, counting);

const run = async (sql: string): Promise<string> => {
  const response = await fetch(`${server.url}/?database=${database}`, { method: "POST", body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
};

const projectId = "bench";
const endMs = Date.UTC(2026, 10, 1);

const count = Number(await run("SELECT count() FROM events"));
if (count === 0) await fillEvents(run, { projectId, events, endMs });
console.log(
  `${await run("SELECT count() FROM events")} rows in ${await run("SELECT count() FROM system.parts WHERE database = 'bench' AND table = 'events' AND active")} parts`,
);

const table = { tableName: "events" };
const filters = {
  none: [],
  level: [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }],
  user: [{ type: "string", column: "userId", operator: "=", value: "user-77" }],
  name: [{ type: "string", column: "name", operator: "contains", value: "p 17" }],
};
const narrow = [
  "id",
  "traceId",
  "traceName",
  "name",
  "type",
  "level",
  "startTime",
  "endTime",
  "userId",
  "sessionId",
  "latencyMs",
  "totalCost",
  "usageDetails",
  "providedModelName",
];

const page = (query: object, after: RowPosition | null = null) =>
  listRows({ db: open.db, clickhouse, physical: { events: "events" } }, ExportQuery.parse({ ...table, scores: "nested", ...query }), {
    projectId,
    cutoff: new Date(endMs).toISOString(),
    limit: 50,
    after,
    charactersMax: 500,
    bytesMax: 80_000_000,
  });

const pageAt = async (query: object, nth: number): Promise<RowPosition | null> => {
  let after: RowPosition | null = null;
  for (let i = 1; i < nth; i++) after = (await page(query, after)).next;
  return after;
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const measure = async (name: string, call: () => Promise<unknown>): Promise<void> => {
  if (!name.includes(only)) return;
  const took: number[] = [];
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    cost = { rows: 0, bytes: 0, serverMs: 0, queries: 0 };
    const startedMs = performance.now();
    await call();
    took.push(performance.now() - startedMs);
    costs.push(cost);
    if (isVerbose) console.log(`  ${name}: ${(took.at(-1) ?? 0).toFixed(0)} ms`);
  }
  const [first] = costs;
  const server = median(costs.map(({ serverMs }) => serverMs));
  console.log(
    `| ${name} | ${median(took).toFixed(0)} | ${server.toFixed(0)} | ${first?.queries} | ${first?.rows.toLocaleString("en")} | ${((first?.bytes ?? 0) / 1e6).toFixed(1)} |`,
  );
};

const bare = (list: string, where = "") =>
  clickhouse.queryRows({ sql: `SELECT ${list} FROM events WHERE project_id = '${projectId}' ${where} ORDER BY start_time DESC LIMIT 50` });

console.log("| | ms | ms in the server | queries | rows read | MB read |\n| --- | --- | --- | --- | --- | --- |");
await measure("bare SELECT, narrow columns", () => bare("span_id, trace_id, name, type, level, start_time, user_id"));
await measure("bare SELECT, all columns", () => bare("*"));
for (const [name, filter] of Object.entries(filters)) {
  await measure(`first page, narrow columns, filter ${name}`, () => page({ columns: narrow, filter }));
  await measure(`first page, all columns, filter ${name}`, () => page({ filter }));
}
await measure("first page, all columns but scores", () => page({ scores: "none" }));
await measure("first page, narrow columns and scores", () => page({ columns: [...narrow, "scores"] }));
const twentieth = await pageAt({ columns: narrow }, 20);
await measure("20th page, narrow columns", () => page({ columns: narrow }, twentieth));
await measure("20th page, all columns", () => page({}, twentieth));
const twentiethOfUser = await pageAt({ columns: narrow, filter: filters.user }, 20);
await measure("20th page, narrow columns, filter user", () => page({ columns: narrow, filter: filters.user }, twentiethOfUser));
await measure("search of ids, narrow columns", () => page({ columns: narrow, searchQuery: "user-77" }));
await measure("search of ids, no match", () => page({ columns: narrow, searchQuery: "nowhere" }));
await measure("search of content, no match", () => page({ columns: narrow, searchQuery: "nowhere", searchType: ["content"] }));
await measure("oldest first, narrow columns", () => page({ columns: narrow, orderBy: { column: "startTime", order: "ASC" } }));
await measure("by name, narrow columns", () => page({ columns: narrow, orderBy: { column: "name", order: "ASC" } }));
await measure("by latency, narrow columns", () => page({ columns: narrow, orderBy: { column: "latency", order: "DESC" } }));

const aggregates = { db: open.db, clickhouse, physical: { events: "events" } };
const lastDays = (days: number) => ({ fromUs: BigInt(endMs - days * 86_400_000) * 1000n, toUs: BigInt(endMs) * 1000n, buckets: 60 });
const histogram = (filter: object[], days: number) => {
  const range = lastDays(days);
  const scope = { projectId, start: instantText(range.fromUs), end: instantText(range.toUs) };
  return countByTime(aggregates, ExportQuery.parse({ ...table, filter, columns: ["id"] }), scope, range);
};
await measure("bare count by day of 30 days", () =>
  clickhouse.queryRows({ sql: `SELECT toDate(start_time) AS day, count() FROM events WHERE project_id = '${projectId}' GROUP BY day` }),
);
await measure("histogram of 30 days", () => histogram([], 30));
await measure("histogram of 30 days, filter level", () => histogram(filters.level, 30));
await measure("histogram of the last day", () => histogram([], 1));
const values = (column: string, days: number) =>
  listValues(
    aggregates,
    ExportQuery.parse({ ...table, columns: ["id"] }),
    { projectId, start: instantText(lastDays(days).fromUs), end: instantText(lastDays(days).toUs) },
    { column: eventsTable.filters[column] as FilterColumn, prefix: "", limit: 50 },
  );
await measure("values of name, 30 days", () => values("name", 30));
await measure("values of userId, the last day", () => values("userId", 1));

await open.close();
await postgres.stop();
await server.stop();
if (kept === undefined) rmSync(dir, { recursive: true, force: true });
process.exit(0);
