/** Stage 4, query: plans an export. Counts its rows, cuts them into slices and decides whether versions must be merged while reading. */
import {
  countPredicate,
  type ExportScope,
  exportPredicate,
  fromClause,
  isCountExact,
  notDeleted,
} from "../../../core/query/build-query.ts";
import type { CompiledQuery } from "../../../core/query/compile-query.ts";
import { externalSet } from "../../../core/query/external-table.ts";
import { joinSql, type Sql } from "../../../core/query/sql.ts";
import { parseCount } from "../../../db/clickhouse/parse-count.ts";
import { type PlanTotal, planExport } from "../../../db/clickhouse/plan-export.ts";
import { areRekeyed, findRekeyedRows, withoutRekeyed, withoutRekeyedInside } from "../../../db/clickhouse/rekeyed-rows.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import { isExplained, RowsRekeyed, type SourcePlan, type SourceRequest } from "./export-source.ts";
import { newestInWindow } from "./newest-in-window.ts";

type PlannedSource = {
  plan: SourcePlan;
  /** True if the plan's count is exact, false if it is an upper bound. */
  isExact: boolean;
  /** Condition for the rows of the file, without the bounds of a slice. */
  where: Sql;
  /** Counts the present rows, up to `rowsMax`. */
  countNow: (rowsMax: number) => Promise<number>;
  /** Throws RowsRekeyed unless the slices together are one state of the data. */
  proveNothingRekeyed: (written: number | null) => Promise<void>;
};

export const planSource = async (deps: ClickHouseSourceDeps, request: SourceRequest): Promise<PlannedSource> => {
  const { clickhouse, physical } = deps;
  const { compiled, projectId, known, signal, window } = request;
  const { table } = compiled;
  const newest = window.axis === "writeTime" ? await newestInWindow(deps, request) : undefined;
  const scope: ExportScope = { projectId, window, physical, ...(newest?.condition === undefined ? {} : { newest: newest.condition }) };
  const isReplacing = table.source.kind === "replacing";
  // A window on write time selects versions itself.
  const merges = isReplacing && window.axis === "eventTime";
  const unmerged = fromClause(table, physical, { needsFinal: false, names: [] });
  const countable = countPredicate(compiled, scope);
  const own = ownConditions(compiled);
  const among = merges && own.conditions.length > 0 ? `FROM ${unmerged} WHERE ${countPredicate(own, scope).sql}` : null;
  /** One list for each of the looks. */
  const findRekeyed = (name: string, looks: readonly (Sql | undefined)[]) =>
    Promise.all(
      looks.map((only, look) =>
        findRekeyedRows(
          clickhouse,
          { from: unmerged, table, projectId, ...(only === undefined ? {} : { only }) },
          { signal, queryId: `${request.queryId}-${name}${look === 0 ? "" : `-${look}`}` },
        ),
      ),
    );

  // Without filters on its own columns, any version may replace a row.
  const findFirst = async () => {
    if (!merges) return { looks: [], rekeyed: [] };
    const looks = own.conditions.length > 0 ? await versionsSince(deps, request, countPredicate(own, scope)) : [undefined];
    return { looks, rekeyed: await findRekeyed("moved", looks) };
  };
  // Rows are rarely re-keyed, so planning starts without the answer and is repeated if there are any.
  const [{ looks, rekeyed }, firstPlan] = await Promise.all([
    findFirst(),
    known ?? makePlan(deps, request, { counted: countable, among, queryId: request.queryId, total: newest?.total }),
  ]);
  const without = withoutRekeyed(table, rekeyed.flat());
  const counted = joinSql([countable, without], "");
  const plan =
    known === null && without.sql !== ""
      ? await makePlan(deps, request, { counted, among, queryId: `${request.queryId}-unmoved` })
      : firstPlan;
  const isExact = isCountExact(compiled) && !plan.isWhole && window.axis === "eventTime";

  const base = exportPredicate(compiled, scope);
  const newestOnly = plan.isWhole && merges ? { sql: withoutRekeyedInside(unmerged, table), uses: [], params: {} } : without;
  const rows = (predicate: Sql) =>
    `${fromClause(table, physical, { needsFinal: window.axis === "eventTime", names: [predicate], among })} WHERE ${predicate.sql}`;
  const count = async (name: string, from: string, params: Sql["params"]) => {
    const [found] = await clickhouse.queryRows<{ rows: string }>({
      sql: `SELECT count() AS rows FROM ${from}`,
      params,
      queryId: `${request.queryId}-${name}`,
      signal,
    });
    return parseCount(found?.rows);
  };

  return {
    plan,
    isExact,
    where: joinSql([base, ` AND ${notDeleted(table, window)}`, newestOnly], ""),
    countNow: (rowsMax) => {
      const condition = joinSql([base, without], "");
      return count("more", `(SELECT 1 FROM ${rows(condition)} LIMIT ${rowsMax})`, condition.params);
    },
    proveNothingRekeyed: async (written) => {
      const after = await findRekeyed("moved-after", looks);
      if (after.some((rows, look) => areRekeyed(rekeyed[look] ?? [], rows)))
        throw new RowsRekeyed("a row was written under another sort key during the export");
      if (written === null || !isExact || written === plan.rows) return;
      const now = await count("after", rows(counted), counted.params);
      const changes = isReplacing ? await countChanges(deps, request, plan.plannedAtUs) : 0;
      if (!isExplained({ planned: plan.rows, written, now, changes }))
        throw new RowsRekeyed(`planned ${plan.rows}, written ${written}, counted after ${now}, ${changes} changed meanwhile`);
    },
  };
};

/**
 * The query with the filters on a row's own columns alone: any version of a row of the export satisfies them. They find what belongs to these
 * rows, instead of what belongs to the whole project.
 */
const ownConditions = (compiled: CompiledQuery): CompiledQuery => {
  const own = compiled.cheapConditions.filter(({ uses }) => uses.length === 0);
  return { ...compiled, conditions: own, cheapConditions: own };
};

/** A row may be inserted this long after the instant that is its version. */
const insertSecondsMax = 3600;
/**
 * The first version of a row may name a later `created_at` than what replaces it by no more than this. A batch that lost its lease may insert
 * late, and rows that were copied from a Langfuse may be updated by events under way.
 */
const creationSecondsMax = 86_400;
/** More ids pass the filters of most granules. */
const idsMax = 1000;

/**
 * Conditions for the versions that may replace a row of the export, each for a look of its own: those written since the oldest version that
 * matches, or that appear while it runs. Of an export of few rows, only those of its ids: it is one slice, in which an id cannot be twice.
 * If every version keeps `created_at`, one look at rows first stored no later than the newest that matches, and one at what is written from
 * now on: a row that comes and moves while slices are read. The indexes on both columns find these, and no index would find their union, so a
 * day of long ago does not look at what came since. Bound once, so that what is found before and after the read can be compared.
 */
const versionsSince = async (
  { clickhouse, physical, bounds, isOnlyWriter }: ClickHouseSourceDeps,
  { compiled: { table }, window, signal, queryId }: SourceRequest,
  matching: Sql,
): Promise<Sql[]> => {
  const [found] = await clickhouse.queryRows<{ us: string; createdUs: string; recentUs: string; ids: string[]; bytes: string }>({
    sql: `SELECT toUnixTimestamp64Micro(least(ifNull(minOrNull(${table.version}), now64(6)), now64(6)) - INTERVAL ${insertSecondsMax} SECOND) AS us,
        toUnixTimestamp64Micro(toDateTime64(ifNull(maxOrNull(${table.createdAt ?? "now64(6)"}), now64(6)), 6) + INTERVAL ${creationSecondsMax} SECOND) AS createdUs,
        toUnixTimestamp64Micro(now64(6) - INTERVAL ${insertSecondsMax} SECOND) AS recentUs,
        groupArray(${idsMax + 1})(${table.id}) AS ids, sum(${table.rowBytes.sql}) AS bytes
      FROM ${fromClause(table, physical, { needsFinal: false, names: [matching, table.rowBytes] })} WHERE ${matching.sql} AND ${notDeleted(table, window)}`,
    params: matching.params,
    queryId: `${queryId}-since`,
    signal,
  });
  const { us = "0", createdUs = "0", recentUs = "0", ids = [], bytes = "0" } = found ?? {};
  const writtenSince = (instant: string): Sql => ({
    sql: `${table.version} >= fromUnixTimestamp64Micro({rekeyedSince:Int64})`,
    uses: [],
    params: { rekeyedSince: instant },
  });
  if (ids.length <= idsMax && Number(bytes) <= bounds.sliceBytesMin) {
    const exported: Sql = { sql: `${table.id} IN (SELECT v FROM exported_ids)`, uses: [], params: { exported_ids: externalSet(ids) } };
    return [joinSql([writtenSince(us), exported], " AND ")];
  }
  if (!isOnlyWriter || table.createdAt === undefined) return [writtenSince(us)];
  const created: Sql = {
    sql: `${table.createdAt} <= fromUnixTimestamp64Micro({createdUntil:Int64})`,
    uses: [],
    params: { createdUntil: createdUs },
  };
  return [joinSql([writtenSince(us), created], " AND "), writtenSince(recentUs)];
};

/**
 * Counts the project's row versions written since the plan was made. Their version comes from another clock, which may be a minute behind.
 */
const countChanges = async (
  { clickhouse, physical }: ClickHouseSourceDeps,
  { compiled: { table }, projectId, queryId, signal }: SourceRequest,
  plannedAtUs: number,
): Promise<number> => {
  const [found] = await clickhouse.queryRows<{ rows: string }>({
    sql: `SELECT count() AS rows FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE e.project_id = {projectId:String} AND ${table.version} >= fromUnixTimestamp64Micro({plannedAt:Int64}) - INTERVAL 60 SECOND`,
    params: { projectId, plannedAt: plannedAtUs },
    queryId: `${queryId}-changes`,
    signal,
  });
  return parseCount(found?.rows);
};

/**
 * Compares the sum of the rows' hashes with and without FINAL. If they agree, no row is replaced or deleted, and slices can be read without
 * merging.
 * Sums are safer than counts: the two queries run at different times, and rows that come and go in between could make counts agree. A
 * second plan uses query ids of its own, because the server may hold an id briefly after its query ended.
 */
const makePlan = async (
  { clickhouse, physical, bounds }: ClickHouseSourceDeps,
  { compiled: { table }, window, isWhole, signal }: SourceRequest,
  { counted, among, queryId, total }: { counted: Sql; among: string | null; queryId: string; total?: PlanTotal | undefined },
): Promise<SourcePlan> => {
  const merges = table.source.kind === "replacing" && window.axis === "eventTime";
  const from = (needsFinal: boolean, names: readonly Pick<Sql, "uses">[]) => fromClause(table, physical, { needsFinal, names, among });
  const rowHash = `cityHash64(${table.id}, ${table.place}, toUnixTimestamp64Micro(${table.version}))`;
  const live = `${counted.sql} AND ${notDeleted(table, window)}`;
  const [found, raw, clock] = await Promise.all([
    planExport(
      clickhouse,
      {
        from: from(window.axis === "eventTime", [counted, table.rowBytes]),
        where: window.axis === "eventTime" ? counted.sql : live,
        params: counted.params,
        time: table.time,
        hash: table.hash,
        rowBytes: table.rowBytes.sql,
        rowHash,
        total,
      },
      bounds,
      { signal, queryId },
    ),
    merges
      ? clickhouse.queryRows<{ checksum: string }>({
          sql: `SELECT sum(${rowHash}) AS checksum FROM ${from(false, [counted])} WHERE ${live}`,
          params: counted.params,
          queryId: `${queryId}-raw`,
          signal,
        })
      : [],
    clickhouse.queryRows<{ us: string }>({ sql: "SELECT toUnixTimestamp64Micro(now64(6)) AS us", signal }),
  ]);
  return {
    rows: found.rows,
    slices: isWhole ? [] : found.slices,
    rowSlices: [],
    startUs: found.startUs,
    needsFinal: merges && (isWhole || raw[0]?.checksum !== found.checksum),
    isWhole,
    plannedAtUs: parseCount(clock[0]?.us),
  };
};
