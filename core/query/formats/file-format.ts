/** Definition of a file format: how ClickHouse produces its bytes, and how the bytes of several slices become one file. */

import type { SelectedColumn } from "../selected-column.ts";
import { type Expression, usesOf } from "../sql.ts";
import { sqlName } from "../sql-text.ts";

export type FormatOptions = {
  /** CSV: prefixes text cells that a spreadsheet would run with a quote. */
  neutralizeFormulas: boolean;
  /** JSON, JSONL: embeds text that is a JSON object or array as JSON. */
  embedJson: boolean;
  /** Levels of arrays and objects an embedded document may have. A deeper one stays text. */
  embedLevels: number;
};

export type SliceFormat = {
  /** The SELECT list, with the aliases the format needs. */
  select: (Expression & { alias: string })[];
  /** Format name after FORMAT. */
  clickhouseFormat: string;
  settings: Record<string, string>;
};

export type FileFormat = {
  extension: string;
  contentType: string;
  /** `slices`: the bytes of slices follow one another. `footer`: each slice is a whole file, merged by its footer (Parquet). */
  joining: "slices" | "footer";
  /** How each slice of an uncompressed file ends: one line feed per row, one line feed, or anything. */
  ending: "lines" | "text" | "binary";
  /** True if the whole file may be compressed. */
  canCompress: boolean;
  /** Builds the query format of one slice. `isFirst`: the first slice of a file. */
  slice: (columns: SelectedColumn[], options: FormatOptions & { isFirst: boolean }) => SliceFormat;
  /** Bytes before the first slice, between two slices with rows, and after the last. Compressed as members of their own. */
  before: string;
  between: string;
  after: string;
};

/** Formats the SELECT list. Aliases are quoted, because score names may contain anything. */
export const selectList = ({ select }: Pick<SliceFormat, "select">): Expression => ({
  sql: select.map(({ alias, sql }) => `${sql} AS ${sqlName(alias)}`).join(", "),
  uses: usesOf(select),
});
