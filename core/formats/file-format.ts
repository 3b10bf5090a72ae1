/** What a file format is: how ClickHouse is asked for its bytes, and how the bytes of several slices become one file. */
export type SliceColumn = {
  /** Name in the file. */
  id: string;
  /** ClickHouse expression over the alias `e`. */
  sql: string;
  /** Free text a spreadsheet could run as a formula. */
  isText: boolean;
  /** A list or map: JSON text where the format has no nesting. */
  isNested: boolean;
};

export type SliceFormat = {
  select: SliceColumn[];
  /** Name after FORMAT. */
  clickhouseFormat: string;
  settings: Record<string, string>;
};

export type FileFormat = {
  extension: string;
  contentType: string;
  /** How one slice is asked for; `isFirst` is the first slice of the file. */
  slice: (columns: SliceColumn[], options: { isFirst: boolean; neutralizeFormulas: boolean }) => SliceFormat;
  /** Bytes before the first slice, between two slices that hold rows, and after the last; compressed as members of their own. */
  before: string;
  between: string;
  after: string;
};
