import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { pairsOf, runsOf } from "../support/property-runs.ts";
import { type QueryHook, startQueryHook } from "../support/query-hook.ts";

const rowsTotal = 3000;

let fixture: Fixture;
let proxy: FaultProxy;

beforeAll(async () => {
  fixture = await createFixture();
  proxy = await startFaultProxy(fixture.clickhouseUrl);
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts)
     SELECT '${fixture.projectId}', concat('t', toString(intDiv(number, 10))), concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + number, 'n', repeat(concat('payload ', toString(number), ' '), 60), now64(6)
     FROM numbers(${rowsTotal})`,
  );
  for (const [name, bad] of [
    ["first", rowsTotal - 1],
    ["middle", rowsTotal / 2],
    ["last", 0],
  ] as const) {
    await fixture.query(`CREATE TABLE failing_${name} AS events`);
    await fixture.query(`ALTER TABLE failing_${name} DROP COLUMN output_length, DROP COLUMN output`);
    await fixture.query(
      `ALTER TABLE failing_${name} ADD COLUMN output String ALIAS toString(throwIf(span_id = 's${bad}', 'broken row')), ADD COLUMN output_length UInt64 ALIAS 0`,
    );
    await fixture.query(
      `INSERT INTO failing_${name} (project_id, trace_id, span_id, start_time, input, event_ts) SELECT project_id, trace_id, span_id, start_time, input, event_ts FROM events`,
    );
  }
});
afterAll(async () => {
  proxy.stop();
  await fixture.stop();
});

/** Objects of an export that are in the store. */
const objectsOf = async (exportId: string): Promise<number> => {
  const listing = await fetch(
    `${fixture.s3Config.endpoint}/${fixture.s3Config.bucket}?prefix=${fixture.database}/exports/${fixture.projectId}/${exportId}`,
  );
  return ((await listing.text()).match(/<Key>/g) ?? []).length;
};

const forms = ["JSONL", "CSV", "JSON"].flatMap((format) => ["none", "gzip", "zstd"].map((compression) => ({ format, compression })));

it.each(pairsOf(forms, ["first", "middle", "last"]).map(([form, place]) => ({ ...form, place })))(
  "ClickHouse failing at the $place row of $format, compression $compression: FAILED with a code and a sentence, no file",
  async ({ format, compression, place }) => {
    const runner = fixture.startRunner({ CLICKHOUSE_EVENTS_TABLE: `failing_${place}` });
    const exportId = await fixture.requestExport({
      format,
      compression,
      query: { tableName: "events", columns: ["id", "input", "output"] },
    });
    const row = await fixture.finished(exportId);
    await runner.stop();
    expect(row).toMatchObject({ status: "FAILED", errorCode: "CLICKHOUSE_QUERY_FAILED", manifest: null });
    expect(row.log).toContain("395");
    expect(await objectsOf(exportId)).toBe(0);
  },
);

describe("a connection cut at a random byte", () => {
  const cuts = Array.from({ length: runsOf(24) }, (_, i) => ({
    bytes: ((i + 1) * 314_187) % 2_200_000,
    how: i % 2 === 0 ? ("RST" as const) : ("FIN" as const),
  }));
  it.each(cuts)("after $bytes bytes by $how: a complete file or none", async ({ bytes, how }) => {
    const runner = fixture.startRunner({ CLICKHOUSE_URL: proxy.url, SPILLWAY_SLICE_MIB: "1" });
    const cutsBefore = proxy.cuts();
    proxy.cutAfter(bytes, how);
    const compression = bytes % 3 === 0 ? "gzip" : "none";
    const exportId = await fixture.requestExport(
      { format: "JSONL", compression, query: { tableName: "events", columns: ["id", "input"] } },
      3,
    );
    const row = await fixture.finished(exportId);
    await runner.stop();
    proxy.cutAfter(null);
    if (row.status === "COMPLETED") {
      const ids = (await fixture.readExport(row))
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { id: string }).id);
      expect(ids).toEqual(Array.from({ length: rowsTotal }, (_, i) => `s${rowsTotal - 1 - i}`));
    } else {
      expect(row.errorCode).toMatch(/^CLICKHOUSE_/);
      expect(await objectsOf(exportId)).toBe(0);
    }
    console.log(`cut after ${bytes} bytes (${how}, ${proxy.cuts() - cutsBefore} cut): ${row.status}`);
  });
});

describe("a server that cannot be reached", () => {
  it("fails with a code that says so", async () => {
    const runner = fixture.startRunner({ CLICKHOUSE_URL: "http://127.0.0.1:1" });
    const row = await fixture.finished(await fixture.requestExport({ format: "CSV", query: { tableName: "events" } }));
    await runner.stop();
    expect(row).toMatchObject({ status: "FAILED", errorCode: "CLICKHOUSE_UNAVAILABLE" });
  });

  it("and a missing table fails at once, whatever attempts are left", async () => {
    const runner = fixture.startRunner({ CLICKHOUSE_EVENTS_TABLE: "no_such_table" });
    const row = await fixture.finished(await fixture.requestExport({ format: "CSV", query: { tableName: "events" } }, 8));
    await runner.stop();
    expect(row).toMatchObject({ status: "FAILED", errorCode: "CLICKHOUSE_QUERY_REJECTED", job: { attempt: 1 } });
  });
});

describe("a server that would give less than everything", () => {
  it("by the profile of its user: nothing is missing and nothing looks different", async () => {
    const hook = await startQueryHook(fixture.clickhouseUrl);
    hook.profile({
      limit: "5",
      offset: "2",
      extremes: "1",
      max_rows_to_sort: "10",
      sort_overflow_mode: "break",
      group_by_overflow_mode: "break",
      distinct_overflow_mode: "break",
      set_overflow_mode: "break",
      read_overflow_mode: "break",
      max_result_rows: "7",
      max_result_bytes: "100",
      result_overflow_mode: "break",
      format_csv_delimiter: ";",
      output_format_csv_crlf_end_of_line: "0",
      use_query_cache: "1",
      output_format_json_quote_64bit_integers: "0",
      session_timezone: "Asia/Tokyo",
      date_time_output_format: "simple",
    });
    const runner = fixture.startRunner({ CLICKHOUSE_URL: hook.url });
    try {
      const filter = [{ column: "name", type: "stringOptions", operator: "any of", value: ["n", "m", "o"] }];
      const row = await fixture.finished(
        await fixture.requestExport({ format: "CSV", query: { tableName: "events", filter, columns: ["id", "startTime"] } }),
      );
      expect([row.status, row.errorCode]).toEqual(["COMPLETED", null]);
      const lines = (await fixture.readExport(row)).trimEnd().split("\r\n");
      expect(lines).toHaveLength(rowsTotal + 1);
      expect(lines).toContain('"s0","2026-01-01T00:00:00.000000Z"');
    } finally {
      await runner.stop();
      hook.stop();
    }
  });
});

describe("a server whose profile gives queries another meaning", () => {
  const at = "2026-01-01 00:00:00.000";
  const requests = [
    { format: "JSONL", query: { tableName: "observations" } },
    { format: "CSV", query: { tableName: "traces" } },
    { format: "JSONL", query: { tableName: "traces", shape: "trace" } },
    { format: "JSONL", query: { tableName: "scores", filter: [{ column: "userId", type: "string", operator: "=", value: "" }] } },
    { format: "JSONL", query: { tableName: "sessions" } },
    {
      format: "JSON",
      query: {
        tableName: "events",
        filter: [
          { column: "traceId", type: "string", operator: "=", value: "t1" },
          { column: "score_booleans", key: "q", type: "booleanObject", operator: "<>", value: true },
        ],
      },
    },
    { format: "CSV", query: { tableName: "events", filter: [{ column: "id", type: "string", operator: "=", value: "nobody" }] } },
  ];

  let hook: QueryHook;
  let runner: { stop: () => Promise<void> };
  /** Files as they are where the profile says nothing. */
  let files: string[];
  const exported = async (profile: Record<string, string>): Promise<string[]> => {
    hook.profile(profile);
    const ids = await Promise.all(requests.map((request) => fixture.requestExport(request)));
    return Promise.all(ids.map(async (id) => fixture.readExport(await fixture.finished(id))));
  };

  beforeAll(async () => {
    const project_id = fixture.projectId;
    const insert = (table: string, rows: object[]) =>
      fixture.query(
        `INSERT INTO ${table} FORMAT JSONEachRow`,
        rows.map((row) => JSON.stringify({ project_id, event_ts: at, created_at: at, updated_at: at, ...row })).join("\n"),
      );
    await insert("traces", [{ id: "joined", timestamp: at, name: "n", session_id: "one", public: true }]);
    await insert("observations", [
      { id: "of-joined", trace_id: "joined", type: "SPAN", start_time: at, level: "DEFAULT" },
      { id: "of-none", trace_id: "absent", type: "SPAN", start_time: at, level: "DEFAULT" },
    ]);
    await insert("scores", [
      { id: "of-trace", trace_id: "joined", timestamp: at, name: "q", data_type: "BOOLEAN", value: 1, string_value: "True" },
      { id: "of-session", session_id: "one", timestamp: at, name: "q", data_type: "NUMERIC", value: 1 },
    ]);
    hook = await startQueryHook(fixture.clickhouseUrl);
    runner = fixture.startRunner({ CLICKHOUSE_URL: hook.url });
    files = await exported({});
  });
  afterAll(async () => {
    await runner.stop();
    hook.stop();
  });

  it.each<Record<string, string>>([
    { join_use_nulls: "1" },
    { transform_null_in: "1" },
    { aggregate_functions_null_for_empty: "1" },
    { empty_result_for_aggregation_by_empty_set: "1" },
    { bool_true_representation: "yes", bool_false_representation: "no" },
    { enable_analyzer: "0" },
  ])("%j: the files are the same", async (profile) => {
    expect(await exported(profile)).toEqual(files);
  });
});

describe("an answer that does not come from a query", () => {
  const answering = (status: number, text: string) =>
    new Promise<{ url: string; stop: () => void }>((resolve) => {
      const server = createServer((incoming, outgoing) => {
        incoming.resume().on("end", () => outgoing.writeHead(status, { "content-type": "text/plain" }).end(text));
      });
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve({
          url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
          stop: () => {
            server.closeAllConnections();
            server.close();
          },
        });
      });
    });

  it.each([
    [400, "Poco::Exception. Code: 1000, e.displayText() = HTML Form Exception: Field value too long", "CLICKHOUSE_QUERY_TOO_LARGE"],
    [500, "Poco::Exception. Code: 1000, e.displayText() = HTML Form Exception", "CLICKHOUSE_QUERY_TOO_LARGE"],
    [413, "Request Entity Too Large", "CLICKHOUSE_QUERY_TOO_LARGE"],
    [400, "HTTP request URI invalid or too long", "CLICKHOUSE_QUERY_TOO_LARGE"],
    [500, "Poco::Exception. Code: 1000, e.displayText() = Net Exception: Connection reset by peer", "CLICKHOUSE_UNAVAILABLE"],
    [401, "who are you", "CLICKHOUSE_ACCESS_DENIED"],
    [429, "slow down", "CLICKHOUSE_UNAVAILABLE"],
    [502, "Bad Gateway", "CLICKHOUSE_UNAVAILABLE"],
    [200, "", "CLICKHOUSE_QUERY_FAILED"],
  ])("%i %s: %s", async (status, text, code) => {
    const server = await answering(status, text);
    const runner = fixture.startRunner({ CLICKHOUSE_URL: server.url });
    try {
      const row = await fixture.finished(await fixture.requestExport({ format: "CSV", query: { tableName: "events" } }));
      expect([row.status, row.errorCode]).toEqual(["FAILED", code]);
    } finally {
      await runner.stop();
      server.stop();
    }
  });
});
