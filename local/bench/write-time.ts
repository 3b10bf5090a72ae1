/**
 * `npm run bench:windows [-- --rows 20000000 --projection]`: rows that ClickHouse reads for each row that a window on write time delivers. Reads windows
 * through the source of deliveries, with and without the index, and sums `read_rows` of all its queries. Figures: docs/benchmarks.md.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExportOptions } from "../../core/exports/request.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { openSource } from "../../runner/transfer/source/open-source.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { startPostgres } from "../postgres/start.ts";

const at = process.argv.indexOf("--rows");
const rowsTotal = at === -1 ? 20_000_000 : Number(process.argv[at + 1]);
const insertRows = 1_000_000;
const minuteUs = 60_000_000;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
const startUs = Date.UTC(2024, 10, 1) * 1000;
const endUs = Date.UTC(2026, 10, 1) * 1000;
const iso = (us: number) => new Date(us / 1000).toISOString();

/** A third of the rows each. `lateOf` is the number of rows of which one is late, 0 for none. */
const projects = [
  { id: "none-late", lateOf: 0 },
  { id: "few-late", lateOf: 10_000 },
  { id: "many-late", lateOf: 100 },
];
const windows = [
  { name: "the last hour", start: endUs - hourUs, end: endUs },
  { name: "an hour a year ago", start: endUs - 365 * dayUs, end: endUs - 365 * dayUs + hourUs },
  { name: "the last day", start: endUs - dayUs, end: endUs },
  { name: "a day a year ago", start: endUs - 365 * dayUs, end: endUs - 364 * dayUs },
  { name: "the last week", start: endUs - 7 * dayUs, end: endUs },
  { name: "a week a year ago", start: endUs - 365 * dayUs, end: endUs - 358 * dayUs },
];

const dir = mkdtempSync(join(tmpdir(), "spillway-bench-windows-"));
chmodSync(dir, 0o755);
const server = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: join(dir, "postgres.log") });
const database = "bench";
await migrateClickHouse({ url: server.url, user: "default", password: "", database });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 2 });

const run = async (sql: string): Promise<string> => {
  const response = await fetch(`${server.url}/?database=${database}&mutations_sync=2&alter_sync=2`, { method: "POST", body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
};

/**
 * Rows along time, written within five minutes of it. Of each hundred one is written again an hour later; late rows are written an hour to
 * three weeks late, as far as that is before the end.
 */
const fill = async () => {
  const stepUs = (endUs - startUs) / rowsTotal;
  const pick = (list: readonly (string | number)[]) =>
    `[${list.map((one) => (typeof one === "number" ? one : `'${one}'`)).join(", ")}][number % ${projects.length} + 1]`;
  for (let from = 0; from < rowsTotal; from += insertRows) {
    const rows = Math.min(insertRows, rowsTotal - from);
    await run(`INSERT INTO events (project_id, trace_id, span_id, start_time, name, type, event_ts)
      WITH ${startUs} + toInt64(number * ${stepUs}) AS us,
        cityHash64(number, 1) AS dice,
        ${pick(projects.map(({ lateOf }) => lateOf))} AS late_of,
        ${hourUs} + cityHash64(number, 2) % ${21 * dayUs} AS late_us,
        late_of > 0 AND dice % greatest(late_of, 1) = 0 AND us + late_us < ${endUs} AS is_late,
        us + if(is_late, late_us, cityHash64(number, 3) % ${5 * minuteUs}) AS written_us
      SELECT ${pick(projects.map(({ id }) => id))}, hex(intDiv(number, 30)), hex(number), fromUnixTimestamp64Micro(us), 'call', 'SPAN',
        fromUnixTimestamp64Micro(toInt64(written_us + again * ${hourUs}))
      FROM (SELECT number + ${from} AS number FROM numbers(${rows})) ARRAY JOIN if(cityHash64(number, 4) % 100 = 0, [0, 1], [0]) AS again
      SETTINGS max_partitions_per_insert_block = 0`);
  }
};

/** Waits until the server has no merge to do any more. */
const settle = async () => {
  const state = () =>
    run(`SELECT (SELECT count() FROM system.merges WHERE database = '${database}'),
      (SELECT groupArray(name) FROM (SELECT name FROM system.parts WHERE database = '${database}' AND table = 'events' AND active ORDER BY name))`);
  let before = "";
  for (let same = 0; same < 3; ) {
    const now = await state();
    same = now === before && now.startsWith("0") ? same + 1 : 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
};

type Cost = { delivered: number; read: number; queries: number; milliseconds: number };

let deliveries = 0;
/** Delivers a window of a project to nowhere. `settings` are sent with every query. */
const deliver = async (projectId: string, window: { start: number; end: number }, settings: Record<string, string>): Promise<Cost> => {
  let read = 0;
  let queries = 0;
  const counting = (async (input: URL | RequestInfo, init?: RequestInit) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, value);
    const response = await fetch(url, init);
    // Statements wait for their end, so the summary is complete.
    read += Number((JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as { read_rows?: string }).read_rows ?? 0);
    queries++;
    return response;
  }) as typeof fetch;
  const clickhouse = createClickHouse({ url: server.url, user: "default", password: "", database }, counting);
  const startedMs = performance.now();
  const source = await openSource(
    {
      db: open.db,
      clickhouse,
      settings: {
        physical: { events: "events" },
        sliceThreads: 1,
        isOnlyWriter: true,
        sliceBytes: 96 << 20,
        sliceBytesMin: 8 << 20,
        sliceRowsMax: 200_000,
      },
    },
    {
      compiled: compileQuery(ExportQuery.parse({ tableName: "events", scores: "none" })),
      projectId,
      window: { axis: "writeTime", start: iso(window.start), end: iso(window.end) },
      format: "JSONL",
      compression: "none",
      options: ExportOptions.parse({ embedJson: false, notify: false }),
      queryId: `bench-${deliveries++}`,
      signal: new AbortController().signal,
      known: null,
      isWhole: false,
    },
  );
  let delivered = 0;
  for (const [index, slice] of source.slices.entries()) {
    const answer = await slice.open({ attempts: 0, limitRows: Number.MAX_SAFE_INTEGER, isFirst: index === 0, isCompressed: false });
    await new Response(answer.body).arrayBuffer();
    delivered += answer.rows;
  }
  await source.countChanges(delivered);
  return { delivered, read, queries, milliseconds: performance.now() - startedMs };
};

const measure = async (design: string, settings: Record<string, string>) => {
  for (const { id } of projects)
    for (const window of windows) {
      const { delivered, read, queries, milliseconds } = await deliver(id, window, settings);
      console.log(
        `| ${design} | ${id} | ${window.name} | ${delivered.toLocaleString("en")} | ${read.toLocaleString("en")} | ${(read / delivered).toFixed(1)} | ${queries} | ${milliseconds.toFixed(0)} |`,
      );
    }
};

try {
  const startedMs = performance.now();
  await fill();
  await settle();
  console.log(
    `${Number(await run("SELECT count() FROM events")).toLocaleString("en")} rows in ${await run(`SELECT count() FROM system.parts WHERE database = '${database}' AND table = 'events' AND active`)} parts, made in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
  );
  console.log("| design | project | window | rows delivered | rows read | read per row | queries | ms |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  await measure("no index", { use_skip_indexes: "0" });
  await measure("minmax index", {});
  if (process.argv.includes("--projection")) {
    await run("ALTER TABLE events MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild'");
    await run("ALTER TABLE events ADD PROJECTION by_write_time (SELECT project_id, event_ts, _part_offset ORDER BY project_id, event_ts)");
    await run("ALTER TABLE events MATERIALIZE PROJECTION by_write_time");
    await measure("projection", { min_table_rows_to_use_projection_index: "0" });
  }
} finally {
  await open.close();
  await Promise.all([postgres.stop(), server.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
