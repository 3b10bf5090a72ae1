/**
 * Rows sent with a query as a table of their own. Parameters are limited to 128 KiB each (ClickHouse 26.7, HTMLForm); external tables are
 * not.
 */
export type ExternalTable = {
  /** Columns in ClickHouse syntax, such as `id String, text String`. */
  structure: string;
  /** Rows as JSONEachRow lines. */
  lines: string;
};

export const isExternalTable = (value: unknown): value is ExternalTable =>
  typeof value === "object" && value !== null && "structure" in value && "lines" in value;

export const externalTable = (structure: string, rows: readonly object[]): ExternalTable => ({
  structure,
  lines: rows.map((row) => JSON.stringify(row)).join("\n"),
});

/** A set of texts. Use in SQL as `IN (SELECT v FROM name)`. */
export const externalSet = (values: readonly string[]): ExternalTable =>
  externalTable(
    "v String",
    values.map((v) => ({ v })),
  );
