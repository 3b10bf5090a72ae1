/** Stage 4, query: tables of ClickHouse, cut into slices along time; each slice is one ordered query that writes the final bytes. */

import { compressions, formats } from "../../../core/query/formats/index.ts";
import { findingsOf } from "../../../core/query/guard-columns.ts";
import { selectSlice } from "../../../core/query/select-slice.ts";
import type { SelectedColumn } from "../../../core/query/selected-column.ts";
import type { Expression } from "../../../core/query/sql.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import type { ExportSource, SourceRequest, SourceSlice } from "./export-source.ts";
import { guardSlices, type SliceQuery } from "./guarded-slices.ts";
import { planSource } from "./plan-source.ts";
import { findSliceComments } from "./slice-comments.ts";

export const openClickHouseSource = async (
  deps: ClickHouseSourceDeps,
  request: SourceRequest,
  lookups: Record<string, unknown>,
): Promise<ExportSource> => {
  const { clickhouse, physical } = deps;
  const { compiled, signal, format, options, queryId } = request;
  const { selection } = compiled;
  const { plan, isExact, where, countNow, proveNothingRekeyed } = await planSource(deps, request);
  const isSliced = compiled.followsSortingKey && plan.slices.length > 0 && !plan.isWhole;
  const slices = isSliced ? (compiled.isDescending ? plan.slices.toReversed() : plan.slices) : [undefined];
  const comments = await findSliceComments(deps, request, slices);
  const settingsOfWhole = isSliced ? {} : await sharedSnapshot(clickhouse, signal);
  const bytesOfWhole = plan.isWhole ? Number.POSITIVE_INFINITY : plan.slices.reduce((sum, { bytes }) => sum + bytes, 0);

  const columnsOf = (index: number) => (comments.hasSome(index) ? selection.select : selection.selectWithoutComments);
  const guard = guardSlices(columnsOf, format, (columns) => findingsOf(columns, format));

  /** A SELECT of these expressions over the rows of a slice, or of all. */
  const statement = async (index: number, list: Expression, limitRows: number) => {
    const slice = slices[index];
    const read = { compiled, physical, where, needsFinal: plan.needsFinal };
    const { sql, params, isJoinedLater } = selectSlice(read, slice, { list, limitRows });
    return {
      sql,
      params: { ...params, ...selection.params, ...lookups, ...(await comments.load(index)) },
      settings: {
        // The one query of an order that does not follow the sorting key has nothing running beside it. Slices run side by side: one that formats
        // with several threads only costs a tenth more of the server's time (docs/benchmarks.md).
        ...(slice === undefined ? settingsOfWhole : { max_threads: String(deps.sliceThreads), output_format_parallel_formatting: "0" }),
        ...(isJoinedLater ? joinedInOrder : {}),
      },
      timeoutSeconds: slice === undefined ? wholeTimeoutSeconds : sliceTimeoutSeconds,
      signal,
    };
  };

  const open =
    (index: number): SourceSlice["open"] =>
    async ({ attempts, limitRows, isFirst, isCompressed }) => {
      const formatOf = (columns: SelectedColumn[]) => formats[format].slice(columns, { isFirst, ...options });
      const run = async ({ format: asked, list, suffix }: SliceQuery) => {
        const { sql, settings, ...more } = await statement(index, list, limitRows);
        return clickhouse.openBytes({
          ...more,
          sql: `${sql} FORMAT ${asked.clickhouseFormat}`,
          settings: { ...asked.settings, ...settings },
          contentEncoding: isCompressed ? compressions[request.compression].contentEncoding : null,
          queryId: `${queryId}-${index}-${attempts}${suffix}`,
        });
      };
      return guard.open(index, run, formatOf);
    };

  return {
    plan,
    slices: slices.map((slice, index) => ({
      rows: slice?.rows ?? plan.rows,
      bytes: slice?.bytes ?? bytesOfWhole,
      open: open(index),
    })),
    rows: plan.rows,
    isExact,
    // One query sees one state of the data.
    proveNothingRekeyed: async (written) => (isSliced ? proveNothingRekeyed(written) : undefined),
    countChanges: (rowsWritten) =>
      guard.count(rowsWritten, slices.length, async (index, { list, outer, limitRows }) => {
        const { sql, ...more } = await statement(index, list, limitRows);
        const found = await clickhouse.queryRows<Record<string, string>>({
          ...more,
          sql: `SELECT ${outer} FROM (${sql})`,
          queryId: `${queryId}-changes-${index}`,
        });
        return found[0];
      }),
    hasMoreThan: async (limit) => (isExact ? plan.rows > limit : (await countNow(limit + 1)) > limit),
  };
};

/** A slice that takes longer has no server behind it any more; one query for everything may well take long. */
const sliceTimeoutSeconds = 600;
const wholeTimeoutSeconds = 6 * 3600;

/** Makes all parts of a query see one state of the table, where the server knows how; before, they are apart by milliseconds. */
const sharedSnapshot = async (clickhouse: ClickHouse, signal: AbortSignal): Promise<Record<string, string>> => {
  const name = "enable_shared_storage_snapshot_in_query";
  const found = await clickhouse.queryRows<{ name: string }>({
    sql: "SELECT name FROM system.settings WHERE name = {name:String}",
    params: { name },
    signal,
  });
  return found.length === 0 ? {} : { [name]: "1" };
};

/** Joined to the ordered rows, they stay in order as long as one thread does it with the rows on the left. */
const joinedInOrder = { max_threads: "1", join_algorithm: "hash", query_plan_join_swap_table: "false" };
