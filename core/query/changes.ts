/** How a file differs from the stored data, counted in rows: for the manifest, and as text for the export's owner. */
import { z } from "zod";
import type { FoundIn } from "./guard-columns.ts";
import { withheld } from "./privacy/privacy.ts";

export const ExportChanges = z.object({
  /** Rows with bytes that are not UTF-8; each run of them is written as U+FFFD. */
  invalidUtf8Rows: z.int().nonnegative(),
  /** CSV: rows with NUL in a text; each is written as U+FFFD. */
  nulRows: z.int().nonnegative(),
  /** Rows with a duplicate key in a map; the last value is kept. */
  duplicateKeyRows: z.int().nonnegative(),
  /**
   * Fields replaced as a whole because a privacy rule could not be applied to them reliably, by column. In a column with several fields, a
   * row may count for both reasons.
   */
  withheld: z.array(
    z.object({
      column: z.string(),
      rows: z.int().nonnegative(),
      reasons: z.object({
        /** The field is not JSON that ClickHouse can parse. */
        notJsonRows: z.int().nonnegative(),
        /** The field is JSON, but its shape does not match the path. */
        otherShapeRows: z.int().nonnegative(),
      }),
    }),
  ),
});
export type ExportChanges = z.infer<typeof ExportChanges>;

/** Builds the changes from the number of rows with each finding. */
export const changesFrom = (counts: readonly (FoundIn & { rows: number })[]): ExportChanges => {
  const rowsOf = (kind: FoundIn["kind"], column?: string): number =>
    counts.find((one) => one.kind === kind && (column === undefined || ("column" in one && one.column === column)))?.rows ?? 0;
  const columns = counts.flatMap((one) => (one.kind === "withheld" && one.rows > 0 ? [one.column] : []));
  return {
    invalidUtf8Rows: rowsOf("invalidUtf8"),
    nulRows: rowsOf("nul"),
    duplicateKeyRows: rowsOf("duplicateKeys"),
    withheld: columns.map((column) => ({
      column,
      rows: rowsOf("withheld", column),
      reasons: { notJsonRows: rowsOf("notJson", column), otherShapeRows: rowsOf("otherShape", column) },
    })),
  };
};

const inRows = (rows: number): string => (rows === 1 ? "In 1 row" : `In ${rows} rows`);

/** Returns one sentence for each change. */
export const describeChanges = ({ invalidUtf8Rows, nulRows, duplicateKeyRows, withheld: fields }: ExportChanges): string[] => [
  ...fields.map(
    ({ column, rows, reasons: { notJsonRows, otherShapeRows } }) =>
      `${inRows(rows)} the privacy rules could not be applied reliably to ${column}, so it was replaced by ${withheld} (not valid JSON: ${notJsonRows}; shape does not match the path: ${otherShapeRows}).`,
  ),
  ...(invalidUtf8Rows === 0 ? [] : [`${inRows(invalidUtf8Rows)} bytes that are not UTF-8 became U+FFFD.`]),
  ...(nulRows === 0 ? [] : [`${inRows(nulRows)} NUL became U+FFFD, because CSV readers cannot process NUL.`]),
  ...(duplicateKeyRows === 0 ? [] : [`${inRows(duplicateKeyRows)} a map had a duplicate key; the last value was kept.`]),
];
