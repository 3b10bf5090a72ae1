/** What a file holds differently from what is stored, in rows: for the manifest, and in words for the owner of the export. */
import { z } from "zod";
import type { FoundIn } from "./guard-columns.ts";
import { withheld } from "./privacy/privacy.ts";

export const ExportChanges = z.object({
  /** Rows with bytes that are not UTF-8, each run of them written as U+FFFD. */
  invalidUtf8Rows: z.int().nonnegative(),
  /** CSV: rows with NUL in a text, written as U+FFFD. */
  nulRows: z.int().nonnegative(),
  /** Rows with a map that has a key twice; the last value is kept. */
  duplicateKeyRows: z.int().nonnegative(),
  /** Fields that a privacy rule could not surely be applied to, replaced as a whole; by column. A row may count for both reasons where its column has several fields. */
  withheld: z.array(
    z.object({
      column: z.string(),
      rows: z.int().nonnegative(),
      reasons: z.object({
        /** The field is no JSON that ClickHouse parses. */
        notJsonRows: z.int().nonnegative(),
        /** It is, but not of the shape the path says. */
        otherShapeRows: z.int().nonnegative(),
      }),
    }),
  ),
});
export type ExportChanges = z.infer<typeof ExportChanges>;

/** From the number of rows that have each of these. */
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

/** One sentence for each. */
export const describeChanges = ({ invalidUtf8Rows, nulRows, duplicateKeyRows, withheld: fields }: ExportChanges): string[] => [
  ...fields.map(
    ({ column, rows, reasons: { notJsonRows, otherShapeRows } }) =>
      `${inRows(rows)} the privacy rules could not surely be applied to ${column}, so it reads ${withheld} (no JSON that can be parsed: ${notJsonRows}; another shape than the path: ${otherShapeRows}).`,
  ),
  ...(invalidUtf8Rows === 0 ? [] : [`${inRows(invalidUtf8Rows)} bytes that are not UTF-8 became U+FFFD.`]),
  ...(nulRows === 0 ? [] : [`${inRows(nulRows)} NUL became U+FFFD, which readers of CSV can bear.`]),
  ...(duplicateKeyRows === 0 ? [] : [`${inRows(duplicateKeyRows)} a map had a key twice; the last value was kept.`]),
];
