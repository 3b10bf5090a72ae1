/** Stage 4, query: reads a ClickHouse table in slices along time. Each slice is one ordered query that writes the final bytes. */

import { compressions, formats } from "../../../core/query/formats/index.ts";
import { findingsOf } from "../../../core/query/guard-columns.ts";
import { selectSlice } from "../../../core/query/select-slice.ts";
import type { SelectedColumn } from "../../../core/query/selected-column.ts";
import type { Expression } from "../../../core/query/sql.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import { guardSlices, type SliceQuery } from "../../../services/exports/guard-slices.ts";
import type { ClickHouseSourceDeps } from "./clickhouse-source-deps.ts";
import type { ExportSource, SourceRequest, SourceSlice } from "./export-source.ts";
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

  /** Builds a SELECT of these expressions over the rows of a slice, or over all rows. */
  const statement = async (index: number, list: Expression, limitRows: number) => {
    const slice = slices[index];
    const read = { compiled, physical, where, needsFinal: plan.needsFinal };
    const { sql, params, settings } = selectSlice(read, slice, { list, limitRows });
    return {
      sql,
      params: { ...params, ...selection.params, ...lookups, ...(await comments.load(index)) },
      settings: {
        // A whole export in one query runs alone. Slices run side by side, and formatting with several threads would cost a tenth more
        // server time (docs/benchmarks.md).
        ...(slice === undefined ? settingsOfWhole : { max_threads: String(deps.sliceThreads), output_format_parallel_formatting: "0" }),
        ...settings,
      },
      timeoutSeconds: slice === undefined ? wholeTimeoutSeconds : sliceTimeoutSeconds,
      signal,
    };
  };

  const open =
    (index: number): SourceSlice["open"] =>
    async ({ attempts, limitRows, isFirst, isCompressed }) => {
      const formatOf = (columns: SelectedColumn[]) => formats[format].slice(columns, { isFirst, ...options });
      const run = async ({ format: sliceFormat, list, suffix }: SliceQuery) => {
        const { sql, settings, ...more } = await statement(index, list, limitRows);
        return clickhouse.openBytes({
          ...more,
          sql: `${sql} FORMAT ${sliceFormat.clickhouseFormat}`,
          settings: { ...sliceFormat.settings, ...settings },
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
    // A single query sees one state of the data and needs no check.
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

/** A slice that takes longer has lost its server. A single query for everything may take hours. */
const sliceTimeoutSeconds = 600;
const wholeTimeoutSeconds = 6 * 3600;

/**
 * Makes all parts of a query read one snapshot of the table, if the server supports it. Otherwise their snapshots are milliseconds apart.
 */
const sharedSnapshot = async (clickhouse: ClickHouse, signal: AbortSignal): Promise<Record<string, string>> => {
  const name = "enable_shared_storage_snapshot_in_query";
  const found = await clickhouse.queryRows<{ name: string }>({
    sql: "SELECT name FROM system.settings WHERE name = {name:String}",
    params: { name },
    signal,
  });
  return found.length === 0 ? {} : { [name]: "1" };
};
