/** What a file format is: how ClickHouse is asked for its bytes, and how the bytes of several slices become one file. */

import type { SelectedColumn } from "../selected-column.ts";
import { type Expression, usesOf } from "../sql.ts";
import { sqlName } from "../sql-text.ts";

export type FormatOptions = {
  /** CSV: text cells a spreadsheet would run get a quote in front. */
  neutralizeFormulas: boolean;
  /** JSON, JSONL: text that holds a JSON object or array becomes JSON. */
  embedJson: boolean;
  /** Levels of arrays and objects such a document may have; a deeper one stays text. */
  embedLevels: number;
};

export type SliceFormat = {
  /** SELECT list, each with the alias the format needs. */
  select: (Expression & { alias: string })[];
  /** Name after FORMAT. */
  clickhouseFormat: string;
  settings: Record<string, string>;
};

export type FileFormat = {
  extension: string;
  contentType: string;
  /** `slices`: bytes of slices follow one another; `footer`: each slice is a whole file, merged by its footer (Parquet). */
  joining: "slices" | "footer";
  /** What each slice of an uncompressed file ends in: one line feed a row, a line feed, or anything. */
  ending: "lines" | "text" | "binary";
  /** Whether the whole file may be compressed. */
  canCompress: boolean;
  /** How one slice is asked for; `isFirst` is the first slice of a file. */
  slice: (columns: SelectedColumn[], options: FormatOptions & { isFirst: boolean }) => SliceFormat;
  /** Bytes before the first slice, between two slices that hold rows, and after the last; compressed as members of their own. */
  before: string;
  between: string;
  after: string;
};

/** The SELECT list as text. Aliases are quoted: names of scores may hold anything. */
export const selectList = ({ select }: Pick<SliceFormat, "select">): Expression => ({
  sql: select.map(({ alias, sql }) => `${sql} AS ${sqlName(alias)}`).join(", "),
  uses: usesOf(select),
});
