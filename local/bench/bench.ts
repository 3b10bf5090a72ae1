/**
 * `npm run bench [-- --events 500000 --rounds 3 --only JSONL]`: alternates (a) curl of the query to nowhere, (b) curl piped into `curl -T
 * -` to a discarding sink, (c) the export through the runner into that sink. `--beside DIR` also measures the runner of another checkout in
 * turn. `--growth` runs growth.ts instead. Method and figures: docs/benchmarks.md.
 */

import { spawnSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql as drizzleSql } from "drizzle-orm";
import { scopes } from "../../core/auth/scopes.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import { exportPredicate, fromClause, until } from "../../core/query/build-query.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { selectList } from "../../core/query/formats/file-format.ts";
import { type CompressionName, compressions, type FormatName, formatNames, formats } from "../../core/query/formats/index.ts";
import { embedLevelsDefault } from "../../core/query/formats/json-rows.ts";
import { events as eventsTable } from "../../core/query/tables/events.ts";
import { tables } from "../../core/query/tables/index.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { createExport } from "../../services/exports/create-export.ts";
import { findExport } from "../../services/exports/find-export.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { freePort } from "../free-port.ts";
import { startPostgres } from "../postgres/start.ts";
import { runnerMemory } from "../runner-memory.ts";
import { insertEvents, sampleEvents } from "../sample-data.ts";
import { bunPath, repositoryRoot, startService } from "../service.ts";
import { spawnBound } from "../spawn-bound.ts";
import { cpuMs, minorFaults, peakMb } from "./process-cost.ts";

// Another benchmark, which ends the process.
if (process.argv.includes("--growth")) await import("./growth.ts");

const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};
const events = option("events", 500_000);
const rounds = option("rounds", 3);
/** Root of another checkout, whose runner is measured in turn with this one. */
const beside = process.argv.includes("--beside") ? process.argv[process.argv.indexOf("--beside") + 1] : undefined;
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
const seedEvents = Math.min(events, 20_000);

const dir = mkdtempSync(join(tmpdir(), "spillway-bench-"));
chmodSync(dir, 0o755);
const log = (name: string) => join(dir, `${name}.log`);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const clock = () => performance.now() / 1000;
const newId = newIdWith(Date.now, (size) => randomBytes(size));

const clickhouse = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: log("clickhouse") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: log("postgres") });
const sinkPort = await freePort();
const sink = await startService({
  name: "sink",
  command: bunPath,
  args: [join(repositoryRoot, "local/bench/sink.ts"), String(sinkPort)],
  logFile: log("sink"),
  isReady: async () => (await fetch(`http://127.0.0.1:${sinkPort}/b/k`, { method: "HEAD" })).ok,
});
const sinkUrl = `http://127.0.0.1:${sinkPort}`;
const database = "bench";
const physical = { events: "events" };
await migrateClickHouse({ url: clickhouse.url, user: "default", password: "", database });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 20 });

const query = async (sql: string): Promise<string> => {
  const response = await fetch(`${clickhouse.url}/?database=${database}`, { method: "POST", body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
};

try {
  const project = await bootstrapProject(
    { db: open.db, newId, newUuid: randomUUID, hashSecret: (secretKey) => hashSecret(secretKey, "bench"), requestId: "bench" },
    { organization: "Bench", project: "Bench", email: "bench@example.com" },
    scopes,
  );
  const actor = { ...project, apiKeyId: project.keyId, role: "OWNER", requestId: "bench", ipAddress: null };
  await insertEvents(
    { url: clickhouse.url, database },
    sampleEvents({ projectId: project.projectId, events: seedEvents, endMs: Date.UTC(2026, 9, 1) }),
  );
  const columns = await query(
    "SELECT arrayStringConcat(groupArray(name), ', ') FROM system.columns WHERE database = 'bench' AND table = 'events' AND default_kind = ''",
  );
  const shifted = columns
    .split(", ")
    .map((name) => {
      if (name === "trace_id" || name === "span_id") return `concat(${name}, '-', toString(copy))`;
      if (name === "parent_span_id") return "if(parent_span_id = '', '', concat(parent_span_id, '-', toString(copy)))";
      if (name === "start_time" || name === "end_time" || name === "completion_start_time") return `${name} - toIntervalDay(copy)`;
      return name;
    })
    .join(", ");
  for (let copy = 1; copy < Math.round(events / seedEvents); copy++)
    await query(
      `INSERT INTO events (${columns}) SELECT ${shifted.replaceAll("copy", String(copy))} FROM events WHERE length(splitByChar('-', span_id)) = 4 SETTINGS max_block_size = 8192`,
    );
  console.log(
    `${await query("SELECT concat(toString(count()), ' events, ', formatReadableSize(sum(input_length + output_length)), ' of payload, in ', toString((SELECT count() FROM system.parts WHERE database = 'bench' AND table = 'events' AND active)), ' parts') FROM events")}; ${rounds} rounds; two figures are only comparable within one run`,
  );

  type Body = { format: FormatName; compression?: CompressionName; query: object; json?: object };
  const sqlFor = (body: Body) => {
    const { format, query: asked, json } = CreateBatchExport.parse(body);
    const compiled = compileQuery(asked);
    const predicate = exportPredicate(compiled, {
      projectId: project.projectId,
      window: until("2100-01-01T00:00:00Z"),
      physical,
    });
    const slice = formats[format].slice(compiled.selection.select, {
      isFirst: true,
      neutralizeFormulas: true,
      embedJson: json?.embed ?? true,
      embedLevels: embedLevelsDefault,
    });
    const url = new URL(clickhouse.url);
    for (const [name, value] of Object.entries({
      database,
      output_format_json_quote_64bit_integers: "1",
      output_format_json_quote_decimals: "1",
      date_time_output_format: "iso",
      enable_http_compression: "1",
      prefer_column_name_to_alias: "1",
      max_threads: "2",
      output_format_decimal_trailing_zeros: "0",
      output_format_json_escape_forward_slashes: "0",
      ...slice.settings,
    }))
      url.searchParams.set(name, value);
    const all = { ...predicate.params, ...compiled.selection.params };
    for (const [name, value] of Object.entries(all)) url.searchParams.set(`param_${name}`, String(value));
    const select = selectList(slice);
    return {
      url: url.href,
      sql: `SELECT ${select.sql} FROM ${fromClause(compiled.table, physical, { needsFinal: false, names: [select, predicate] })} WHERE ${predicate.sql} AND e.is_deleted = 0 ORDER BY ${compiled.orderBy.sql} LIMIT 1 BY ${compiled.table.id} FORMAT ${slice.clickhouseFormat}`,
    };
  };
  let isFilled = false;
  /** Inserts traces, observations and 20,000 scores derived from the events, and 20,000 comments on them. */
  const fillExtras = async () => {
    if (isFilled) return;
    isFilled = true;
    await query(`INSERT INTO traces (id, project_id, timestamp, name, user_id, session_id, tags, input, output, event_ts)
      SELECT trace_id, any(project_id), min(start_time), any(trace_name), any(user_id), any(session_id), any(tags), any(input), any(output), now64(3) FROM events GROUP BY trace_id`);
    await query(`INSERT INTO observations (id, trace_id, project_id, type, start_time, end_time, name, metadata, level, input, output, provided_model_name, usage_details, cost_details, event_ts)
      SELECT span_id, trace_id, project_id, type, start_time, end_time, name, mapFromArrays(metadata_names, metadata_values), level, input, output, provided_model_name, usage_details, cost_details, event_ts FROM events SETTINGS max_block_size = 8192`);
    await query(`INSERT INTO scores (id, project_id, timestamp, trace_id, observation_id, name, value, source, data_type, event_ts)
      SELECT concat('s', span_id), project_id, start_time, trace_id, span_id, concat('score ', toString(cityHash64(span_id) % 10)), 0.5, 'API', 'NUMERIC', now64(3) FROM events ORDER BY cityHash64(span_id) LIMIT 20000`);
    const ids = (await query("SELECT span_id FROM events ORDER BY cityHash64(span_id, 1) LIMIT 20000")).split("\n");
    await open.db.execute(drizzleSql`insert into comments (id, project_id, object_type, object_id, content, author_user_id)
      select 'c' || v, ${project.projectId}, 'OBSERVATION', v, 'A comment of some length, as people write them when they look at a trace.', ${project.userId}
      from json_array_elements_text(${JSON.stringify(ids)}::json) v`);
  };
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const timeShell = (command: string): number => {
    const startedAt = clock();
    const result = spawnSync("bash", ["-c", `set -o pipefail; ${command}`], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(result.stderr);
    return clock() - startedAt;
  };

  const startRunner = async (root = repositoryRoot): Promise<{ pid: number; stop: () => Promise<void> }> => {
    const child = spawnBound(bunPath, [join(root, "runner/main.ts")], {
      stdout: "pipe",
      stderr: "inherit",
      env: {
        ...process.env,
        ...(root === repositoryRoot ? runnerMemory : {}),
        DATABASE_URL: postgres.url,
        CLICKHOUSE_URL: clickhouse.url,
        CLICKHOUSE_DB: database,
        LANGFUSE_S3_BATCH_EXPORT_ENABLED: "true",
        LANGFUSE_S3_BATCH_EXPORT_BUCKET: "b",
        LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: sinkUrl,
        LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: "a",
        LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: "b",
        LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: "true",
        SPILLWAY_POLL_MS: "100",
        SPILLWAY_PROJECT_CONCURRENCY: "8",
      },
    });
    await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
    child.stdout?.resume();
    return {
      pid: child.pid ?? 0,
      stop: () =>
        new Promise((resolve) => {
          child.once("exit", () => resolve());
          child.kill("SIGTERM");
        }),
    };
  };
  const createOne = async (body: Body): Promise<string> => {
    const exportId = newId("batchExport");
    const request = { ...CreateBatchExport.parse({ ...body, notify: false }), name: "bench" };
    await createExport(
      open.db,
      actor,
      request,
      { exportId, jobId: newId("job") },
      { warnings: [], admission: { defaultPlan: "unlimited", estimate: null } },
    );
    return exportId;
  };
  const finish = async (exportId: string) => {
    for (;;) {
      const row = await findExport(open.db, project.projectId, exportId);
      if (row === undefined || (row.finishedAt !== null && row.status !== "COMPLETED")) throw new Error(`the export failed: ${row?.log}`);
      if (row.finishedAt !== null && row.startedAt !== null)
        return { seconds: (row.finishedAt.getTime() - row.startedAt.getTime()) / 1000, bytes: row.bytes ?? 0, rows: row.rows ?? 0 };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  type ExportRun = Awaited<ReturnType<typeof runExport>>;
  const runExport = async (body: Body, root = repositoryRoot) => {
    const runner = await startRunner(root);
    const before = { cpuMs: cpuMs(runner.pid), faults: minorFaults(runner.pid), serverMs: cpuMs(clickhouse.pid) };
    const done = await finish(await createOne(body));
    const result = {
      ...done,
      cpu: (cpuMs(runner.pid) - before.cpuMs) / 1000,
      faults: minorFaults(runner.pid) - before.faults,
      serverCpu: (cpuMs(clickhouse.pid) - before.serverMs) / 1000,
      peakMb: peakMb(runner.pid),
    };
    await runner.stop();
    return result;
  };

  console.log(
    "what                 (a) s   (b) s   (c) s    c/b    c/a   CPU s/GB   faults/GB   peak MB   GB out   server CPU s: (a)   (c)",
  );
  const rawGb = new Map<string, number>();
  const against = async (label: string, body: Body, times: number, raw = label) => {
    const { url, sql } = sqlFor(body);
    const encoding = compressions[body.compression ?? "none"].contentEncoding ?? "identity";
    const curl = `curl -sSf ${quote(url)} -H ${quote(`accept-encoding: ${encoding}`)} --data-binary ${quote(sql)}`;
    const all = { a: [] as number[], b: [] as number[], c: [] as ExportRun[], beside: [] as ExportRun[], serverOfA: [] as number[] };
    for (let round = 0; round < times; round++) {
      const serverMs = cpuMs(clickhouse.pid);
      all.a.push(timeShell(`${curl} > /dev/null`));
      all.serverOfA.push((cpuMs(clickhouse.pid) - serverMs) / 1000);
      all.b.push(timeShell(`${curl} | curl -sSf -T - ${quote(`${sinkUrl}/b/limit`)}`));
      all.c.push(await runExport(body));
      if (beside !== undefined) all.beside.push(await runExport(body, beside));
    }
    const [a, b] = [median(all.a), median(all.b)];
    const gb = (all.c[0]?.bytes ?? 0) / 1e9;
    rawGb.set(label, gb);
    const print = (name: string, runs: readonly ExportRun[]) => {
      const of = (key: "seconds" | "cpu" | "faults" | "serverCpu") => median(runs.map((run) => run[key]));
      const c = of("seconds");
      const cpu = of("cpu") / (rawGb.get(raw) ?? gb);
      const faults = of("faults") / (rawGb.get(raw) ?? gb);
      const peak = Math.max(...runs.map((run) => run.peakMb));
      console.log(
        `${name.padEnd(19)}${[a, b, c].map((s) => s.toFixed(2).padStart(8)).join("")}${(c / b).toFixed(2).padStart(7)}${(c / a).toFixed(2).padStart(7)}${cpu.toFixed(2).padStart(11)}${faults.toFixed(0).padStart(12)}${peak.toFixed(0).padStart(10)}${gb.toFixed(2).padStart(9)}${median(all.serverOfA).toFixed(2).padStart(21)}${of("serverCpu").toFixed(2).padStart(6)}`,
      );
    };
    print(label, all.c);
    if (beside !== undefined) print("  beside", all.beside);
  };
  const stored = { tableName: "events", columns: Object.keys(eventsTable.columns) };
  const wants = (format: string) => only === undefined || only === format;
  if (wants("JSONL")) await against("JSONL", { format: "JSONL", query: stored }, rounds);
  if (wants("CSV")) await against("CSV", { format: "CSV", query: stored }, rounds);
  if (wants("JSONL")) await against("JSONL gzip", { format: "JSONL", compression: "gzip", query: stored }, rounds, "JSONL");
  if (wants("PARQUET")) await against("PARQUET", { format: "PARQUET", query: stored }, rounds, "JSONL");
  if (wants("JSON")) await against("JSON", { format: "JSON", query: stored }, rounds);

  if (only === undefined || only === "EXTRAS") {
    await fillExtras();
    const plain: Body = { format: "JSONL", query: stored };
    const withComments: Body = { format: "JSONL", query: { ...stored, columns: [...stored.columns, "comments"] } };
    const withScores: Body = { format: "JSONL", query: { ...stored, columns: [...stored.columns, "scores"] } };
    const seconds = { plain: [] as number[], comments: [] as number[], scores: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      seconds.plain.push((await runExport(plain)).seconds);
      seconds.comments.push((await runExport(withComments)).seconds);
      seconds.scores.push((await runExport(withScores)).seconds);
    }
    const [base, comments, scored] = [median(seconds.plain), median(seconds.comments), median(seconds.scores)];
    console.log(
      `JSONL ${base.toFixed(2)} s; with 20,000 comments ${comments.toFixed(2)} s, ${(comments / base).toFixed(2)}; with columns of 20,000 scores ${scored.toFixed(2)} s, ${(scored / base).toFixed(2)}`,
    );
  }
  if (process.argv.includes("--tables")) {
    if (only === undefined || only !== "EXTRAS") await fillExtras();
    for (const tableName of ["traces", "observations", "scores"])
      for (const format of formatNames) {
        const { columns: ids } = tables[tableName as "traces"];
        const own = Object.keys(ids).filter((id) => id !== "authorUserName");
        await against(`${tableName} ${format}`, { format, query: { tableName, columns: own } }, 1);
      }
    for (const tableName of ["sessions", "dataset_run_items", "dataset_items", "audit_logs"])
      for (const format of formatNames) {
        const { seconds, rows, peakMb: peak } = await runExport({ format, query: { tableName } });
        console.log(
          `${`${tableName} ${format}`.padEnd(26)} ${rows.toLocaleString("en")} rows in ${seconds.toFixed(2)} s, peak ${peak.toFixed(0)} MB`,
        );
      }
  }

  const four = await startRunner();
  const ids = await Promise.all(Array.from({ length: 4 }, () => createOne({ format: "JSONL", query: stored })));
  for (const id of ids) await finish(id);
  console.log(`four exports at once: peak ${peakMb(four.pid).toFixed(0)} MB`);
  await four.stop();

  const runner = await startRunner();
  const latencies: number[] = [];
  for (let i = 0; i < 40; i++) {
    const id = newId("batchExport");
    const request = {
      ...CreateBatchExport.parse({
        format: "CSV",
        query: { tableName: "events", filter: [{ type: "string", column: "traceId", operator: "=", value: "none" }] },
      }),
      name: "bench",
    };
    await createExport(
      open.db,
      actor,
      request,
      { exportId: id, jobId: newId("job") },
      { warnings: [], admission: { defaultPlan: "unlimited", estimate: null } },
    );
    await finish(id);
    const row = await findExport(open.db, project.projectId, id);
    if (row?.startedAt != null) latencies.push(row.startedAt.getTime() - row.createdAt.getTime());
  }
  await runner.stop();
  const sorted = latencies.toSorted((x, y) => x - y);
  console.log(
    `enqueue to start, poll 100 ms: p50 ${sorted[20]} ms, p95 ${sorted[37]} ms, max ${sorted.at(-1)} ms over ${sorted.length} exports`,
  );
} finally {
  await open.close();
  await Promise.all([sink.stop(0), postgres.stop(), clickhouse.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
