/**
 * `npm run bench:ingestion [-- --events 20000] [--spans 20000] [--projects 1] [--backlog]`: Langfuse events taken by the API beside a bare loop, and
 * written by one runner beside a plain INSERT of their rows; OpenTelemetry spans from the first request to the last row, beside the same.
 * Method and figures: docs/benchmarks.md.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { memoryDirectory } from "../memory-directory.ts";
import { type Stack, startStack } from "../stack.ts";
import { bareIntakeSeconds } from "./bare-intake.ts";
import { entitiesOfRequest, eventsBatch, spansRequest } from "./ingestion-bodies.ts";
import { cpuMs, peakMb } from "./process-cost.ts";

const numberOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const eventsTotal = numberOf("events", 20_000);
const spansTotal = numberOf("spans", 20_000);
const projectsTotal = numberOf("projects", 1);
const requestsAtOnce = 4;
const waitMsMax = 600_000;
const secondsSince = (fromMs: number) => (performance.now() - fromMs) / 1000;
const show = (what: string, count: number, took: number, beside = "") =>
  console.log(`${what.padEnd(52)} ${count} in ${took.toFixed(2)} s, ${Math.round(count / took)} a second${beside}`);
const times = (figure: number) => `, ${figure.toFixed(2)} of it`;

type Keys = { publicKey: string; secretKey: string };

/** Creates more projects with one owner and a key each, beside the stack's own. */
const moreProjects = async ({ apiUrl, adminKey }: Stack, count: number): Promise<Keys[]> => {
  const make = async <R>(what: string, body: object): Promise<R> => {
    const response = await fetch(`${apiUrl}/api/admin/${what}`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as R;
  };
  const { id: organizationId } = await make<{ id: string }>("organizations", { name: "bench" });
  const { id: userId } = await make<{ id: string }>("users", { email: "bench@example.com" });
  await make("memberships", { organizationId, userId, role: "OWNER" });
  const keys: Keys[] = [];
  for (let project = 0; project < count; project++) {
    const { id: projectId } = await make<{ id: string }>("projects", { organizationId, name: `bench ${project}` });
    keys.push(await make<Keys>("api-keys", { projectId, userId, scopes: ["ingestion:write"] }));
  }
  return keys;
};

/** In memory where there is enough: what creating a file on a disk costs depends on what was deleted there before. */
const inMemory = memoryDirectory();
const dir = mkdtempSync(join(inMemory ?? tmpdir(), "spillway-bench-ingestion-"));
chmodSync(dir, 0o755);
if (inMemory !== undefined) console.log("data of all servers in memory");

const clickhouseOf =
  (stack: Stack) =>
  async (query: string, body?: string): Promise<string> => {
    const url = new URL(stack.clickhouseUrl);
    url.searchParams.set("database", stack.clickhouseDatabase);
    if (body !== undefined) url.searchParams.set("query", query);
    const response = await fetch(url, { method: "POST", body: body ?? query });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
    return answer;
  };

/** Sends all bodies, a few at once; those of several projects in turn. */
const sendAll = async (stack: Stack, route: string, keys: readonly Keys[], bodies: readonly string[]): Promise<void> => {
  const numbered = bodies.map((body, number) => ({ body, number }));
  await forEachConcurrent(numbered, requestsAtOnce, async ({ body, number }) => {
    const { publicKey, secretKey } = keys[number % keys.length] ?? stack;
    const response = await fetch(`${stack.apiUrl}${route}`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
      body,
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
  });
};

/** Resolves when no job of the ingestion is left: every row is written by then. */
const untilWritten = async (stack: Stack): Promise<void> => {
  const open = openPostgres(stack.postgresUrl, { connectionsMax: 1 });
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs; await wait(25)) {
    const [row] = await execute<{ left: boolean }>(
      open.db,
      sql`select exists (select 1 from jobs where kind in ('ingestion.merge', 'ingestion.otel') and finished_at is null) as left`,
    );
    if (row?.left === false) return open.close();
  }
  throw new Error("jobs are left");
};

const tables = ["traces", "observations", "events"];

/** Inserts the rows that were written once more, into copies of the tables; the median of three. */
const plainInsert = async (stack: Stack): Promise<{ rows: number; seconds: number }> => {
  const clickhouse = clickhouseOf(stack);
  const lines: string[] = [];
  for (const table of tables) lines.push(await clickhouse(`SELECT * FROM ${table} FINAL FORMAT JSONEachRow`));
  const took: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const table of tables) await clickhouse(`CREATE OR REPLACE TABLE bench_${table} AS ${table}`);
    const startedMs = performance.now();
    for (const [at, table] of tables.entries()) await clickhouse(`INSERT INTO bench_${table} FORMAT JSONEachRow`, lines[at] ?? "");
    took.push(secondsSince(startedMs));
  }
  return {
    rows: lines.reduce((sum, text) => sum + text.split("\n").length - 1, 0),
    seconds: took.toSorted((a, b) => a - b)[1] ?? Number.NaN,
  };
};

const showPlain = async (stack: Stack, entities: number, took: number): Promise<void> => {
  const { rows, seconds } = await plainInsert(stack);
  show("  plain INSERT … FORMAT JSONEachRow of the same rows", rows, seconds);
  console.log(`  ratio of rows a second: ${(rows / took / (rows / seconds)).toFixed(3)} (${(rows / entities).toFixed(2)} rows each)`);
};

const costText = (stack: Stack, before: Record<string, number>, entities: number): string => {
  const cost = Object.entries(before).map(([name, ms]) => `${name} ${Math.round(((cpuMs(stack.pids[name] ?? 0) - ms) * 1000) / entities)}`);
  return `µs of CPU each: ${cost.join(", ")}`;
};
const showCost = (stack: Stack, before: Record<string, number>, entities: number): void =>
  console.log(`  ${costText(stack, before, entities)}; peak of the runner ${Math.round(peakMb(stack.pids["runner"] ?? 0))} MB`);
const costOf = (stack: Stack) =>
  Object.fromEntries(
    ["Worker", "S3", "Postgres", "ClickHouse", "runner"].flatMap((name) => {
      const pid = stack.pids[name];
      return pid === undefined ? [] : [[name, cpuMs(pid)]];
    }),
  );

const benchEvents = async (): Promise<void> => {
  const dataDir = join(dir, "events");
  const filling = await startStack({ dataDir, apiPort: 0, env: { QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED: "false" } });
  const keys = [filling, ...(await moreProjects(filling, projectsTotal - 1))];
  const bodies = Array.from({ length: Math.ceil(eventsTotal / entitiesOfRequest) }, (_, number) => eventsBatch(number));
  const sent = bodies.length * entitiesOfRequest;
  const beforeTaking = costOf(filling);
  let startedMs = performance.now();
  await sendAll(filling, "/api/public/ingestion", keys, bodies);
  const taken = secondsSince(startedMs);
  const costOfTaking = costText(filling, beforeTaking, sent);
  const bare = await bareIntakeSeconds(filling, requestsAtOnce);
  show("Langfuse events taken by the API", sent, taken, times(bare / taken));
  console.log(`  ${costOfTaking}`);
  show("  bare loop: the same objects and rows", sent, bare);
  await filling.stop();

  const stack = await startStack({ dataDir, apiPort: 0, env: { SPILLWAY_POLL_MS: "100" } });
  const before = costOf(stack);
  startedMs = performance.now();
  await untilWritten(stack);
  const written = secondsSince(startedMs);
  show("Langfuse events merged and written by one runner", sent, written);
  showCost(stack, before, sent);
  await showPlain(stack, sent, written);
  await stack.stop();
};

/** Without `--backlog`, the runner works while spans are sent; with it, each has the cores to itself. */
const isBacklog = process.argv.includes("--backlog");

const benchSpans = async (): Promise<void> => {
  const dataDir = join(dir, "spans");
  if (isBacklog) {
    const filling = await startStack({ dataDir, apiPort: 0, env: { QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED: "false" } });
    await sendSpans(filling, "spans taken by the API");
    await filling.stop();
  }
  const stack = await startStack({ dataDir, apiPort: 0, env: { SPILLWAY_POLL_MS: "100" } });
  const before = costOf(stack);
  const startedMs = performance.now();
  const sent = isBacklog ? spansSent : await sendSpans(stack, "spans taken by the API while the runner works");
  await untilWritten(stack);
  const written = secondsSince(startedMs);
  show(isBacklog ? "spans written by one runner" : "spans from the first request to the last row", sent, written);
  showCost(stack, before, sent);
  await showPlain(stack, sent, written);
  await stack.stop();
};

const spansSent = Math.ceil(spansTotal / entitiesOfRequest) * entitiesOfRequest;
const sendSpans = async (stack: Stack, what: string): Promise<number> => {
  const keys = [stack, ...(await moreProjects(stack, projectsTotal - 1))];
  const bodies = Array.from({ length: spansSent / entitiesOfRequest }, (_, number) => spansRequest(number));
  const startedMs = performance.now();
  await sendAll(stack, "/api/public/otel/v1/traces", keys, bodies);
  show(what, spansSent, secondsSince(startedMs));
  return spansSent;
};

try {
  if (eventsTotal > 0) await benchEvents();
  if (spansTotal > 0) await benchSpans();
} finally {
  rmSync(inMemory ?? dir, { recursive: true, force: true });
}
