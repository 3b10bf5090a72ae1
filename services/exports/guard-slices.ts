/**
 * Export stage 4, query: reads each slice with a check that ends the query at the first value to repair or withhold. The slice is then read again
 * with repairs, and the findings are counted after all slices are written. A clean slice costs no second query. Memory: a few numbers per
 * slice.
 */

import { changesFrom, type ExportChanges } from "../../core/query/changes.ts";
import { type SliceFormat, selectList } from "../../core/query/formats/file-format.ts";
import type { FormatName } from "../../core/query/formats/index.ts";
import { type FoundIn, mendColumn, throwOnFindings } from "../../core/query/guard-columns.ts";
import type { SelectedColumn } from "../../core/query/selected-column.ts";
import { type Expression, joinSql, sql } from "../../core/query/sql.ts";
import { isThrownByQuery } from "../../db/clickhouse/clickhouse-failure.ts";
import type { ByteAnswer } from "../../db/clickhouse/client.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";

/** One query of a slice: its SELECT list and the suffix of its id. */
export type SliceQuery = { format: SliceFormat; list: Expression; suffix: string };

type GuardedSlices = {
  /** Opens a slice by its number, with one or two queries. */
  open: (
    index: number,
    run: (query: SliceQuery) => Promise<ByteAnswer>,
    formatOf: (columns: SelectedColumn[]) => SliceFormat,
  ) => Promise<ByteAnswer>;
  /**
   * Counts the findings in the first `rowsWritten` rows, including slices written by an earlier attempt. Rows that changed since they were
   * read are counted in their present form. `ask` runs a SELECT of `list` over the rows of a slice.
   */
  count: (
    rowsWritten: number,
    slicesTotal: number,
    ask: (index: number, query: { list: Expression; outer: string; limitRows: number }) => Promise<Record<string, string> | undefined>,
  ) => Promise<ExportChanges>;
};

/**
 * `columnsOf` returns the columns of a slice by its number. `look` returns what can be wrong with them; the kinds are the same for every
 * slice.
 */
export const guardSlices = (
  columnsOf: (index: number) => SelectedColumn[],
  format: FormatName,
  look: (columns: SelectedColumn[]) => readonly FoundIn[],
): GuardedSlices => {
  const seen = new Map<number, { isClean: boolean; rows: number }>();
  const known = new Map<SelectedColumn[], readonly FoundIn[]>();
  const findingsOf = (select: SelectedColumn[]): readonly FoundIn[] => {
    const findings = known.get(select) ?? look(select);
    known.set(select, findings);
    return findings;
  };
  const mend = (select: SelectedColumn[]): SelectedColumn[] =>
    findingsOf(select).some(({ kind }) => kind === "invalidUtf8" || kind === "nul" || kind === "duplicateKeys")
      ? select.map((column) => mendColumn(column, format))
      : select;
  return {
    open: async (index, run, formatOf) => {
      const select = columnsOf(index);
      const findings = findingsOf(select);
      if (seen.get(index)?.isClean !== false) {
        const plain = formatOf(select);
        try {
          const answer = await run({
            format: plain,
            list: selectList({ ...plain, select: throwOnFindings(plain.select, findings) }),
            suffix: "",
          });
          seen.set(index, { isClean: true, rows: answer.rows });
          return answer;
        } catch (error) {
          if (findings.length === 0 || !isThrownByQuery(error)) throw error;
        }
      }
      const safe = formatOf(mend(select));
      const answer = await run({ format: safe, list: selectList(safe), suffix: "-mended" });
      seen.set(index, { isClean: false, rows: answer.rows });
      return answer;
    },
    count: async (rowsWritten, slicesTotal, ask) => {
      const findings = findingsOf(columnsOf(0));
      const totals = findings.map(() => 0);
      const listOf = (index: number) =>
        joinSql(
          findingsOf(columnsOf(index)).map((finding, i) => sql`(${finding}) > 0 AS f${String(i)}`),
          ", ",
        );
      const outer = ["count() AS rows", ...findings.map((_, i) => `countIf(f${i}) AS f${i}`)].join(", ");
      let left = findings.length === 0 ? 0 : rowsWritten;
      for (let index = 0; index < slicesTotal && left > 0; index++) {
        const before = seen.get(index);
        if (before?.isClean === true) {
          left -= before.rows;
          continue;
        }
        const found = await ask(index, { list: listOf(index), outer, limitRows: left });
        left -= parseCount(found?.["rows"]);
        for (const i of totals.keys()) totals[i] = (totals[i] ?? 0) + parseCount(found?.[`f${i}`]);
      }
      return changesFrom(findings.map((finding, i) => ({ ...finding, rows: totals[i] ?? 0 })));
    },
  };
};
