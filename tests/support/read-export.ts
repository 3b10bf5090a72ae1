/** Readers that share nothing with the writers: csv-parse, JSON.parse and hyparquet. Cells come out as in table-cases.ts. */
import { parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { ColumnKind } from "../../core/query/tables/table.ts";
import type { Cell } from "./table-cases.ts";

export type ReadRow = Record<string, Cell>;

const iso = (text: string): string => {
  const [, seconds = "", fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(text) ?? [];
  return `us:${BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"))}`;
};

const plain = (value: unknown): string => (typeof value === "string" ? value : String(value));
const entries = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Array.isArray(value)
      ? value.map((pair: { key: unknown; value: unknown }) => [plain(pair.key), plain(pair.value)])
      : Object.entries(value as object).map(([key, one]) => [key, plain(one)]),
  );

/** One cell of JSON or CSV in the common form. */
const fromJson = (value: unknown, kind: ColumnKind): Cell => {
  if (value === null || value === undefined) return null;
  if (kind === "timestamp") return iso(String(value));
  if (kind === "boolean") return value === true || value === "true";
  if (kind.startsWith("array")) return (value as unknown[]).map(plain);
  if (kind.startsWith("map")) return entries(value);
  if (kind === "document" && typeof value !== "string") return JSON.stringify(value);
  return plain(value);
};

const fromCsv = (text: string, kind: ColumnKind): Cell => {
  if (kind.includes("<")) return fromJson(text === "" ? null : JSON.parse(text), kind);
  if (text === "" && kind !== "text" && kind !== "string" && kind !== "json") return null;
  return fromJson(text, kind);
};

/** `kinds` are those of the columns read. CSV cannot tell absent text from empty text: both come out as ''. */
export const readRows = async (format: string, files: readonly Buffer[], kinds: Record<string, ColumnKind>): Promise<ReadRow[]> => {
  const kindOf = (id: string): ColumnKind => kinds[id] ?? "text";
  const each = (row: object, read: (value: unknown, kind: ColumnKind) => Cell): ReadRow =>
    Object.fromEntries(Object.entries(row).map(([id, value]) => [id, read(value, kindOf(id))]));
  const rows: ReadRow[] = [];
  for (const file of files) {
    if (format === "CSV")
      rows.push(
        ...(parse(file, { columns: true, bom: false, relax_column_count: false }) as object[]).map((row) =>
          each(row, (value, kind) => fromCsv(String(value), kind)),
        ),
      );
    else if (format === "JSON") rows.push(...(JSON.parse(file.toString("utf8")) as object[]).map((row) => each(row, fromJson)));
    else if (format === "JSONL")
      rows.push(
        ...file
          .toString("utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => each(JSON.parse(line) as object, fromJson)),
      );
    else rows.push(...(await readParquet(file)).map((row) => each(row, (value, kind) => fromParquet(value, kind))));
  }
  return rows;
};

const bufferOf = (file: Buffer): ArrayBuffer => file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;

export const parquetSchema = (file: Buffer) => parquetMetadata(bufferOf(file));

const readParquet = (file: Buffer): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({
    file: bufferOf(file),
    compressors,
    utf8: true,
    parsers: {
      // Their defaults are Dates, which have no microseconds.
      timestampFromMilliseconds: (value: bigint) => `us:${value * 1000n}`,
      timestampFromMicroseconds: (value: bigint) => `us:${value}`,
      timestampFromNanoseconds: (value: bigint) => `us:${value / 1000n}`,
      dateFromDays: (value: number) => String(value),
      stringFromBytes: (value: Uint8Array) => new TextDecoder().decode(value),
      jsonFromBytes: (value: Uint8Array) => new TextDecoder().decode(value),
    } as never,
  }) as Promise<Record<string, unknown>[]>;

const fromParquet = (value: unknown, kind: ColumnKind): Cell => {
  if (value === null || value === undefined) return null;
  if (kind === "timestamp") return String(value);
  if (kind === "boolean") return value === true;
  if (kind.startsWith("array")) return (value as unknown[]).map(plain);
  if (kind.startsWith("map")) return entries(value);
  return plain(value);
};
