/** Rows that travel with a query as a table of their own: parameters may be 128 KiB each at most (ClickHouse 26.7, HTMLForm), tables have no bound. */
export type HandedTable = {
  /** Columns as ClickHouse reads them, such as `id String, text String`. */
  structure: string;
  /** Lines of JSONEachRow. */
  lines: string;
};

export const isHandedTable = (value: unknown): value is HandedTable =>
  typeof value === "object" && value !== null && "structure" in value && "lines" in value;

export const handTable = (structure: string, rows: readonly object[]): HandedTable => ({
  structure,
  lines: rows.map((row) => JSON.stringify(row)).join("\n"),
});

/** A set of texts; in SQL `IN (SELECT v FROM name)`. */
export const handSet = (values: readonly string[]): HandedTable =>
  handTable(
    "v String",
    values.map((v) => ({ v })),
  );
