/** The reads, exports, deletions and ingestion that `bench:growth` measures. Each calls the product; none repeats its SQL. */
import { randomBytes } from "node:crypto";
import { ExportOptions } from "../../../core/exports/request.ts";
import { type ExportWindow, until } from "../../../core/query/build-query.ts";
import { compileRead, type ReadOrder } from "../../../core/query/compile-read.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import type { RowPosition } from "../../../core/query/keyset-order.ts";
import { observations } from "../../../core/query/tables/observations.ts";
import { traces } from "../../../core/query/tables/traces.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../../db/clickhouse/delete-rows.ts";
import { listPointing } from "../../../db/clickhouse/list-pointing.ts";
import { loadUsageNodes } from "../../../db/clickhouse/load-usage-nodes.ts";
import { findDiffering, rewriteTraceFields } from "../../../db/clickhouse/rewrite-trace-fields.ts";
import { loadStoredSortKeys, loadStoredTraces } from "../../../db/clickhouse/stored-entities.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { openSource } from "../../../runner/transfer/source/open-source.ts";
import { compileForRun } from "../../../services/exports/compile-for-run.ts";
import { listRows } from "../../../services/exports/list-rows.ts";
import type { Piece } from "../../../services/traces/answer.ts";
import { eventGroups, eventsIn, openEventPage } from "../../../services/traces/events.ts";
import { listPublicTraces } from "../../../services/traces/list-public-traces.ts";
import { listTracesBySession } from "../../../services/traces/list-traces-by-session.ts";
import { openObservation, openObservationPage } from "../../../services/traces/observations.ts";
import { openPublicTrace } from "../../../services/traces/open-public-trace.ts";
import { readPage, readPageAfter } from "../../../services/traces/page.ts";
import { traceFieldGroups } from "../../../services/traces/trace-document.ts";
import { endMs } from "./fill.ts";
import type { Sample } from "./sample.ts";

/** Returns the number of rows answered. */
export type Operation = { name: string; run: () => Promise<number> };

type Deps = { db: Database; clickhouse: ClickHouse };

const physical = { events: "events" };
const cutoff = new Date(endMs).toISOString();
const dayMs = 86_400_000;
const bytesMax = 80_000_000;

const drain = async (pieces: readonly Piece[]): Promise<void> => {
  for (const piece of pieces) if (typeof piece !== "string") await new Response(piece).arrayBuffer();
};

const is = (column: string, value: string) => ({ type: "string", column, operator: "=", value });
const isAnyOf = (column: string, value: string) => ({ type: "stringOptions", column, operator: "any of", value: [value] });
const sinceTime = (column: string, value: string) => ({ type: "datetime", column, operator: ">=", value });

/** Columns of a list in the console, without payloads and scores. */
const narrow = ["id", "name", "userId", "sessionId"];

/** Pages of the console's tables: by place of the last row, in any order. */
export const pagesOf = (deps: Deps, { projectId, userId }: Sample): Operation[] => {
  const page = (tableName: string, query: object, after: RowPosition | null = null) =>
    listRows({ ...deps, physical }, ExportQuery.parse({ tableName, scores: "nested", columns: narrow, ...query }), {
      ...{ projectId, cutoff, limit: 50, after, charactersMax: 500, bytesMax },
    });
  const rowsOf = async (page: Promise<{ rowCount: number }>) => (await page).rowCount;
  return ["traces", "observations", "events"].flatMap((table): Operation[] => {
    const time = table === "traces" ? "timestamp" : "startTime";
    return [
      { name: `console, ${table}: first page`, run: () => rowsOf(page(table, {})) },
      {
        name: `console, ${table}: page in the middle of time`,
        run: () => {
          const us = String((endMs - 90 * dayMs) * 1000);
          return rowsOf(page(table, {}, { at: us, hash: 0, id: "", rank: 0, value: "" }));
        },
      },
      { name: `console, ${table}: first page of a user`, run: () => rowsOf(page(table, { filter: [is("userId", userId)] })) },
      {
        name: `console, ${table}: a day by name`,
        run: () =>
          rowsOf(
            page(table, {
              filter: [sinceTime(time, new Date(endMs - dayMs).toISOString())],
              orderBy: { column: "name", order: "ASC" },
            }),
          ),
      },
      { name: `console, ${table}: all by name`, run: () => rowsOf(page(table, { orderBy: { column: "name", order: "ASC" } })) },
    ];
  });
};

/** Lists and documents of the public API. */
export const publicReadsOf = ({ clickhouse }: Deps, { projectId, traceId, userId, sessionId, stored }: Sample): Operation[] => {
  const deps = { clickhouse };
  const list = async (filter: object[], { page = 1, orderBy = null }: { page?: number; orderBy?: ReadOrder } = {}) => {
    const query = compileRead(traces, { filter, parameters: [], orderBy });
    const found = await listPublicTraces(deps, query, { projectId, page, limit: 50, groups: new Set(traceFieldGroups), bytesMax });
    await drain(found.documents);
    return Math.min(50, Math.max(0, found.totalItems - (page - 1) * 50));
  };
  const listObservations = async (filter: object[], page = 1) => {
    const found = await readPage(deps, compileRead(observations, { filter, parameters: [], orderBy: null }), {
      projectId,
      page,
      limit: 50,
    });
    await drain(await openObservationPage(deps, projectId, found.ids, { bytesMax, models: [] }));
    return found.ids.length;
  };
  const listEvents = async (filter: object[]) => {
    const table = eventsIn(physical.events);
    const query = compileRead(table, { filter, parameters: [], orderBy: null });
    const { ids } = await readPageAfter(deps, query, { projectId, after: undefined, limit: 50 });
    await drain(
      await openEventPage(deps, table, { projectId, ids }, { bytesMax, groups: new Set(eventGroups), wholeMetadata: [], models: [] }),
    );
    return ids.length;
  };
  const day = sinceTime("timestamp", new Date(endMs - dayMs).toISOString());
  const open = async (id: string) => {
    const pieces = await openPublicTrace(
      deps,
      { projectId, traceId: id },
      { ...{ groups: new Set(traceFieldGroups), bytesMax, observationsMax: 20_000, models: [] } },
    );
    await drain(pieces);
    return pieces.length === 0 ? 0 : 21;
  };
  return [
    { name: "API, one trace with 20 observations", run: () => open(traceId) },
    {
      name: "API, one observation",
      run: async () => {
        const pieces = await openObservation(deps, projectId, stored[0]?.spans[0]?.id ?? "", { bytesMax, models: [] });
        await drain(pieces);
        return pieces.length;
      },
    },
    { name: "API, traces: first page of the last day", run: () => list([day]) },
    { name: "API, traces: first page", run: () => list([]) },
    { name: "API, traces: page 50", run: () => list([], { page: 50 }) },
    { name: "API, traces: first page of a user", run: () => list([is("userId", userId)]) },
    { name: "API, traces: first page by name", run: () => list([], { orderBy: { column: "name", order: "ASC" } }) },
    { name: "API, observations of a trace", run: () => listObservations([is("traceId", traceId)]) },
    { name: "API, observations: first page of the last day", run: () => listObservations([{ ...day, column: "startTime" }]) },
    { name: "API, observations: first page", run: () => listObservations([]) },
    { name: "API, observations: page 50", run: () => listObservations([], 50) },
    { name: "API v2, observations: first page", run: () => listEvents([]) },
    { name: "API v2, observations of a trace", run: () => listEvents([is("traceId", traceId)]) },
    {
      name: "API, traces of a session",
      run: async () => {
        const found = await listTracesBySession(deps, { projectId, sessionId }, { bytesMax });
        await drain(found?.traces ?? []);
        return found === undefined ? 0 : 1;
      },
    },
  ];
};

let sources = 0;

/** Exports and windows of integrations, through the source that the runner reads. */
export const exportsOf = (deps: Deps, { projectId, userId, at }: Sample): Operation[] => {
  const bounds = { sliceBytes: 96 << 20, sliceBytesMin: 8 << 20, sliceRowsMax: 200_000 };
  const read = async (query: object, window: ExportWindow): Promise<number> => {
    const compiled = await compileForRun(
      { ...deps, hashKeyOf: async () => null },
      undefined,
      ExportQuery.parse({ scores: "none", ...query }),
      {
        ...{ projectId, cutoff },
      },
    );
    const source = await openSource(
      { ...deps, settings: { physical, sliceThreads: 1, isOnlyWriter: true, ...bounds } },
      {
        ...{ compiled, projectId, window, format: "JSONL", compression: "none", known: null, isWhole: false },
        options: ExportOptions.parse({ embedJson: false, notify: false }),
        queryId: `growth-${sources++}-${randomBytes(4).toString("hex")}`,
        signal: new AbortController().signal,
      },
    );
    let rows = 0;
    for (const [index, slice] of source.slices.entries()) {
      const answer = await slice.open({ attempts: 0, limitRows: Number.MAX_SAFE_INTEGER, isFirst: index === 0, isCompressed: false });
      await new Response(answer.body).arrayBuffer();
      rows += answer.rows;
    }
    await source.countChanges(rows);
    await source.proveNothingRekeyed(rows);
    return rows;
  };
  const day = (column: string) => [
    sinceTime(column, at),
    { type: "datetime", column, operator: "<", value: new Date(Date.parse(at) + dayMs).toISOString() },
  ];
  const window: ExportWindow = { axis: "writeTime", start: at, end: new Date(Date.parse(at) + 3_600_000).toISOString() };
  return [
    ...[
      { name: "events: a day", query: { tableName: "events", filter: day("startTime") } },
      { name: "traces: a day", query: { tableName: "traces", filter: day("timestamp") } },
      { name: "observations: a day", query: { tableName: "observations", filter: day("startTime") } },
      { name: "events: a name of a user", query: { tableName: "events", filter: [isAnyOf("name", "step 17"), is("userId", userId)] } },
      {
        name: "traces: a day, quality > 0.9",
        query: {
          tableName: "traces",
          filter: [...day("timestamp"), { type: "numberObject", column: "scores_avg", key: "quality", operator: ">", value: 0.9 }],
        },
      },
    ].map(({ name, query }): Operation => ({ name: `export, ${name}`, run: () => read(query, until(cutoff)) })),
    ...["events", "traces", "observations", "scores"].map(
      (tableName): Operation => ({ name: `integration, ${tableName}: an hour`, run: () => read({ tableName }, window) }),
    ),
  ];
};

/** Ids of traces that are not stored, as most of a batch are. */
const unknown = (count: number) => Array.from({ length: count }, () => randomBytes(16).toString("hex"));
const newTraces = 180;

/** What a batch of 200 traces asks ClickHouse, of which 20 are stored. */
export const ingestionOf = ({ clickhouse }: Deps, { projectId, stored }: Sample): Operation[] => {
  const signal = new AbortController().signal;
  const owned = (id: string) => ({ projectId, id });
  const batch = () => [...stored.map(({ id }) => id), ...unknown(newTraces)].map(owned);
  const fields = { name: "renamed", user_id: "user", session_id: "session", tags: [], release: null, public: false, bookmarked: false };
  const spans = stored.flatMap(({ spans }) => spans);
  /** Events sent again under their ids may have been stored on any day. */
  const keys = (table: "traces" | "observations" | "events", isOnAnyDay: boolean) => async () => {
    const ids = table === "traces" ? stored.map(({ id, day }) => ({ id, at: day })) : spans;
    const wanted = ids.map(({ id, at }) => ({ ...owned(id), days: isOnAnyDay ? null : [at.slice(0, 10)] }));
    return (await loadStoredSortKeys(clickhouse, table, table, { wanted, signal })).length;
  };
  return [
    { name: "ingestion, loadStoredTraces of 200", run: async () => (await loadStoredTraces(clickhouse, batch(), signal)).size },
    ...(["traces", "observations", "events"] as const).flatMap((table): Operation[] => {
      const name = `ingestion, loadStoredSortKeys of ${table === "traces" ? stored.length : spans.length} ${table}`;
      return [
        { name, run: keys(table, false) },
        { name: `${name} sent again`, run: keys(table, true) },
      ];
    }),
    {
      name: "ingestion, loadUsageNodes of 200",
      run: async () => [...(await loadUsageNodes(clickhouse, batch(), signal)).values()].flat().length,
    },
    {
      name: "ingestion, listPointing of 200",
      run: async () => {
        const known = stored.flatMap(({ id, spans: own }) => own.map((span) => ({ projectId, traceId: id, spanId: span.id })));
        const others = unknown(newTraces).map((traceId) => ({ projectId, traceId, spanId: "none" }));
        return (await listPointing(clickhouse, [...known, ...others], signal)).length;
      },
    },
    {
      name: "ingestion, findDiffering of 200 traces",
      run: async () => {
        const traces = batch().map((one) => ({ ...one, fields, isContested: false }));
        return (await findDiffering(clickhouse, "events", { traces, version: cutoff, signal })).length;
      },
    },
    {
      name: "ingestion, rewriteTraceFields of one trace",
      run: async () => {
        const id = stored[0]?.id ?? "";
        const traces = [{ ...owned(id), fields: { ...fields, name: randomBytes(4).toString("hex") }, isContested: false }];
        await rewriteTraceFields(clickhouse, "events", { traces, version: new Date().toISOString(), signal });
        return stored[0]?.spans.length ?? 0;
      },
    },
  ];
};

/** Deletes another trace each time. */
export const deletionOf = ({ clickhouse }: Deps, { projectId, doomed }: Sample): Operation[] => {
  const left = [...doomed];
  return [
    {
      name: "deletion of a trace",
      run: async () => {
        const traceId = left.pop();
        if (traceId === undefined) throw new Error("no trace is left to delete");
        const nextVersion = async () => new Date().toISOString();
        await deleteStoredRows(
          { clickhouse, eventsTable: "events", projectId, nextVersion, signal: new AbortController().signal },
          { scope: "traces", traceIds: [traceId] },
        );
        return 45;
      },
    },
  ];
};
