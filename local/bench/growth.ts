/**
 * `npm run bench:growth [-- --sizes 1000000,20000000 --only NAME --data DIR --rounds 3 --verbose]`: what each statement of the product reads
 * in tables of one size and of another, for a small, a middle and a large project. Method and figures: docs/benchmarks.md.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { startPostgres } from "../postgres/start.ts";
import { type Cost, countReads } from "./growth/count-reads.ts";
import { fillGrowth, projects } from "./growth/fill.ts";
import { deletionOf, exportsOf, ingestionOf, type Operation, pagesOf, publicReadsOf } from "./growth/operations.ts";
import { takeSample } from "./growth/sample.ts";

const option = (name: string, fallback: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : (process.argv[at + 1] ?? fallback);
};
const sizes = option("events", option("sizes", "1000000,20000000")).split(",").map(Number);
const only = option("only", "");
const rounds = Number(option("rounds", "3"));
const isVerbose = process.argv.includes("--verbose");
const kept = option("data", "");
const dir = kept === "" ? mkdtempSync(join(tmpdir(), "spillway-bench-growth-")) : kept;
mkdirSync(dir, { recursive: true });
chmodSync(dir, 0o755);

const server = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: join(dir, "postgres.log") });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 4 });

const runIn =
  (database: string) =>
  async (sql: string): Promise<string> => {
    const response = await fetch(`${server.url}/?database=${database}&mutations_sync=2&alter_sync=2`, { method: "POST", body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text.trim();
  };
type Run = ReturnType<typeof runIn>;

/** Waits until the server has no merge to do any more. */
const settle = async (run: Run): Promise<void> => {
  for (let idle = 0; idle < 3; ) {
    idle = (await run("SELECT count() FROM system.merges")) === "0" ? idle + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};

const prepare = async (events: number): Promise<{ database: string; run: Run }> => {
  const database = `growth_${events}`;
  const run = runIn(database);
  await migrateClickHouse({ url: server.url, user: "default", password: "", database });
  if (Number(await run("SELECT count() FROM events")) === 0) {
    const startedMs = performance.now();
    const insertEvents = Math.min(500_000, Math.max(10_000, Math.ceil(events / 10 / 10_000) * 10_000));
    await fillGrowth(run, { events, insertEvents, payloadOf: events > 2_000_000 ? 10 : 1 });
    await settle(run);
    console.log(`${events.toLocaleString("en")} events filled and merged in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
  console.log(
    await run(`SELECT table, sum(p.rows) AS stored, count() AS parts, formatReadableSize(sum(bytes_on_disk)) AS size FROM system.parts AS p
      WHERE database = '${database}' AND active AND p.rows > 0 GROUP BY table ORDER BY table FORMAT PrettySpaceNoEscapesMonoBlock`),
  );
  return { database, run };
};

/** `changed` are the rows that mutations wrote, which is what lightweight deletes cost beyond what statements read. */
type Measured = Cost & { answered: number; ms: number; changed: number };

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const measureAll = async (events: number): Promise<Map<string, Measured>> => {
  const { database, run } = await prepare(events);
  const counted = countReads((cost, sql) => {
    if (isVerbose)
      console.log(
        `    ${cost.rows.toLocaleString("en")} rows, ${cost.serverMs.toFixed(0)} ms: ${sql.replaceAll(/\s+/g, " ").slice(0, 240)}`,
      );
  });
  const clickhouse = createClickHouse({ url: server.url, user: "default", password: "", database }, counted.fetch);
  const mutated = async () => Number(await run("SELECT sum(value) FROM system.events WHERE event = 'MutatedRows'"));
  const found = new Map<string, Measured>();
  for (const [size, projectId] of Object.entries(projects)) {
    const sample = await takeSample(run, projectId);
    const deps = { db: open.db, clickhouse };
    const operations: Operation[] = [
      ...pagesOf(deps, sample),
      ...publicReadsOf(deps, sample),
      ...exportsOf(deps, sample),
      ...ingestionOf(deps, sample),
      ...deletionOf(deps, sample),
    ];
    for (const { name, run: call } of operations.filter((one) => one.name.includes(only))) {
      if (isVerbose) console.log(`  ${size}, ${name}`);
      const all: Measured[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = await mutated();
        counted.take();
        const startedMs = performance.now();
        const answered = await call();
        const ms = performance.now() - startedMs;
        all.push({ ...counted.take(), answered, ms, changed: (await mutated()) - before });
      }
      const first = all[0];
      if (first === undefined) continue;
      found.set(`${name} | ${size}`, { ...first, ms: median(all.map(({ ms }) => ms)) });
    }
  }
  return found;
};

const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 0 });
const short = (value: number) => (value >= 100 ? number(value) : value.toFixed(1));

try {
  const measured = new Map<number, Map<string, Measured>>();
  for (const size of sizes) measured.set(size, await measureAll(size));
  const last = measured.get(sizes.at(-1) ?? 0) ?? new Map<string, Measured>();
  const head = sizes.flatMap((size) =>
    ["answered", "read", "read / answered", "MB", "ms"].map((name) => `${name} at ${number(size / 1e6)} M`),
  );
  console.log(`| operation | project | ${head.join(" | ")} | growth of rows read |`);
  console.log(`| --- | --- | ${[...head, ""].map(() => "---").join(" | ")} |`);
  for (const name of last.keys()) {
    const cells = sizes.map((size) => measured.get(size)?.get(name));
    const [first] = cells;
    const total = (one: Measured | undefined) => (one === undefined ? Number.NaN : one.rows + one.changed);
    const shown = cells.flatMap((one) =>
      one === undefined
        ? ["", "", "", "", ""]
        : [
            number(one.answered),
            number(total(one)),
            short(total(one) / Math.max(1, one.answered)),
            (one.bytes / 1e6).toFixed(1),
            number(one.ms),
          ],
    );
    console.log(`| ${name} | ${shown.join(" | ")} | ${short(total(cells.at(-1)) / Math.max(1, total(first)))} |`);
  }
} finally {
  await open.close();
  await Promise.all([postgres.stop(), server.stop()]);
  if (kept === "") rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
