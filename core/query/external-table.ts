/** Rows that travel with a query as a table of their own: parameters may be 128 KiB each at most (ClickHouse 26.7, HTMLForm), tables have no bound. */
export type ExternalTable = {
  /** Columns as ClickHouse reads them, such as `id String, text String`. */
  structure: string;
  /** Lines of JSONEachRow. */
  lines: string;
};

export const isExternalTable = (value: unknown): value is ExternalTable =>
  typeof value === "object" && value !== null && "structure" in value && "lines" in value;

export const externalTable = (structure: string, rows: readonly object[]): ExternalTable => ({
  structure,
  lines: rows.map((row) => JSON.stringify(row)).join("\n"),
});

/** A set of texts; in SQL `IN (SELECT v FROM name)`. */
export const externalSet = (values: readonly string[]): ExternalTable =>
  externalTable(
    "v String",
    values.map((v) => ({ v })),
  );
