/**
 * The manifest of a delivered window: the last object written, and so the sign that all others are complete. Langfuse's fields come first,
 * with their names and meanings; the rest is beyond it.
 */
import { z } from "zod";
import { canonicalJson } from "../../canonical-json.ts";
import { ExportChanges } from "../../query/changes.ts";
import { type CompressionName, contentTypeOf, type FormatName, formatNames } from "../../query/formats/index.ts";
import type { ColumnKind } from "../../query/tables/table.ts";
import { sha256Hex } from "../../sha256-hex.ts";
import { deletedColumn, deletions, keyColumns, versionColumn } from "./delivered-tables.ts";
import { type LoadEngineName, loadEngineNames, loadEngines } from "./load-sql/index.ts";
import type { FileStore } from "./load-sql/load-engine.ts";

/** Raised if delivered columns change in a way readers can notice, other than an added column. */
export const deliverySchemaVersion = 1;

const WindowFile = z.object({
  key: z.string(),
  table: z.string(),
  fileType: z.enum(formatNames),
  /** `csv-gzip`, `jsonl-raw`, `parquet`: file type and compression in one word. */
  format: z.string(),
  compressed: z.boolean(),
  contentType: z.string(),
  sizeBytes: z.int().nonnegative(),
  rowCount: z.int().nonnegative(),
  /** CRC-32 (ISO-HDLC, as in gzip) of the stored bytes, eight hex digits. */
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
  /** SHA-256 of the stored bytes in hex; null if the delivery did not compute it. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});

const TableDetails = z.object({
  name: z.string(),
  rowCount: z.int().nonnegative(),
  /** Columns in file order. `type`: a column kind of the API's table descriptions. */
  columns: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), unit: z.string().nullable() })),
  keyColumns: z.array(z.string()),
  versionColumn: z.string(),
  /** Null for `deletions`, whose rows are deletions. */
  deletedColumn: z.string().nullable(),
  /** What was repaired for readers. */
  changes: ExportChanges,
  /** One sentence for each thing a reader should know about the rows. */
  warnings: z.array(z.string()),
});

const LoadSql = z.object({
  /** What the statements need, or what to choose instead if the engine cannot read the files. */
  notes: z.array(z.string()),
  /** In the order to run. `stdin`: address of the file to send, decompressed, with a COPY FROM STDIN. */
  statements: z.array(z.object({ table: z.string(), sql: z.string(), stdin: z.string().optional() })),
});

export const WindowManifest = z.object({
  version: z.literal(1),
  projectId: z.string(),
  exportSource: z.string(),
  window: z.object({
    /** Langfuse's names of `start` and `end`. */
    minTimestamp: z.string(),
    maxTimestamp: z.string(),
    /** Half-open `[start, end)`. */
    start: z.string(),
    end: z.string(),
    /** A row is in the window in which it was written, not in that of the time it tells of. */
    axis: z.literal("writeTime"),
  }),
  maxTimestamp: z.string(),
  createdAt: z.string(),
  tables: z.array(z.string()),
  files: z.array(WindowFile),
  schemaVersion: z.int(),
  runId: z.string(),
  integrationId: z.string(),
  integrationName: z.string(),
  rowCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  tableDetails: z.array(TableDetails),
  loadSql: z.record(z.enum(loadEngineNames), LoadSql),
  /** Hex SHA-256 of the canonical JSON of everything but `createdAt` and this. Equal for two deliveries of the same rows. */
  contentHash: z.string(),
});
export type WindowManifest = z.infer<typeof WindowManifest>;

export type DeliveredColumn = { name: string; kind: ColumnKind; nullable: boolean; unit?: string };

export type TableDelivery = {
  /** A delivered table, or `deletions`. */
  name: string;
  columns: readonly DeliveredColumn[];
  files: readonly { key: string; rows: number; bytes: number; crc32: string; sha256: string | null }[];
  changes: ExportChanges;
  warnings: readonly string[];
};

export type WindowDelivery = {
  projectId: string;
  /** Langfuse's word for the chosen tables. */
  exportSource: string;
  window: { start: string; end: string };
  /**
   * When the run of the window was recorded, not when it was delivered: a run is recorded once, so the manifests of two deliveries have the
   * same bytes. The store itself tells when an object was written.
   */
  createdAt: string;
  runId: string;
  integrationId: string;
  integrationName: string;
  store: FileStore;
  format: FormatName;
  compression: CompressionName;
  /** In the order of the integration's tables. */
  tables: readonly TableDelivery[];
};

/** Builds the manifest. Deterministic: the same delivery gives the same manifest. */
export const buildWindowManifest = async (delivery: WindowDelivery): Promise<WindowManifest> => {
  const { window, tables } = delivery;
  const files = tables.flatMap((table) => table.files.map((file) => manifestFile(table.name, file, delivery)));
  const content: Omit<WindowManifest, "createdAt" | "contentHash"> = {
    version: 1,
    projectId: delivery.projectId,
    exportSource: delivery.exportSource,
    window: { minTimestamp: window.start, maxTimestamp: window.end, start: window.start, end: window.end, axis: "writeTime" },
    maxTimestamp: window.end,
    tables: tables.map(({ name }) => name),
    files,
    schemaVersion: deliverySchemaVersion,
    runId: delivery.runId,
    integrationId: delivery.integrationId,
    integrationName: delivery.integrationName,
    rowCount: sum(files.map(({ rowCount }) => rowCount)),
    sizeBytes: sum(files.map(({ sizeBytes }) => sizeBytes)),
    tableDetails: tables.map(tableDetails),
    loadSql: loadSqlOf(delivery),
  };
  return { ...content, createdAt: delivery.createdAt, contentHash: await sha256Hex(canonicalJson(content)) };
};

/** Encodes the manifest as it is stored: indented JSON and a line feed, with Langfuse's fields first. */
export const encodeWindowManifest = (manifest: WindowManifest): string => `${JSON.stringify(WindowManifest.parse(manifest), null, 2)}\n`;

const manifestFile = (
  table: string,
  { key, rows, bytes, crc32, sha256 }: TableDelivery["files"][number],
  { format, compression }: WindowDelivery,
): WindowManifest["files"][number] => ({
  key,
  table,
  fileType: format,
  format: format === "PARQUET" ? "parquet" : `${format.toLowerCase()}-${compression === "none" ? "raw" : compression}`,
  compressed: compression !== "none",
  contentType: contentTypeOf(format, compression),
  sizeBytes: bytes,
  rowCount: rows,
  crc32,
  sha256,
});

const tableDetails = ({ name, columns, files, changes, warnings }: TableDelivery): WindowManifest["tableDetails"][number] => ({
  name,
  rowCount: sum(files.map(({ rows }) => rows)),
  columns: columns.map((column) => ({
    name: column.name,
    type: column.kind,
    nullable: column.nullable,
    unit: column.unit ?? null,
  })),
  keyColumns: [...(name === deletions.name ? ["table_name"] : []), ...keyColumns],
  versionColumn,
  deletedColumn: name === deletions.name ? null : deletedColumn,
  changes,
  warnings: [...warnings],
});

const loadSqlOf = ({ store, format, compression, tables }: WindowDelivery): WindowManifest["loadSql"] => {
  const loadSql = (engine: LoadEngineName): z.infer<typeof LoadSql> => {
    const { addressOf, script } = loadEngines[engine];
    // Files without rows change nothing, and each statement names every column: without them the manifest stays small.
    const addressesOf = (table: TableDelivery | undefined) =>
      (table?.files ?? []).filter(({ rows }) => rows > 0).map(({ key }) => addressOf(store, key));
    const deletionFiles = addressesOf(tables.find(({ name }) => name === deletions.name));
    const scripts = tables
      .filter(({ name }) => name !== deletions.name)
      .map((table) => ({ table: table.name, columns: table.columns, files: addressesOf(table) }))
      .filter(({ files }) => files.length > 0 || deletionFiles.length > 0)
      .map((table) => ({ table: table.table, ...script({ ...table, format, compression, deletionFiles }) }));
    return {
      notes: [...new Set(scripts.flatMap(({ notes }) => notes))],
      statements: scripts.flatMap(({ table, statements }) => statements.map((statement) => ({ table, ...statement }))),
    };
  };
  return {
    duckdb: loadSql("duckdb"),
    clickhouse: loadSql("clickhouse"),
    bigquery: loadSql("bigquery"),
    snowflake: loadSql("snowflake"),
    postgres: loadSql("postgres"),
    databricks: loadSql("databricks"),
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
