/** Describes the columns of a table for people and programs: what each contains, and how each format writes it. */
import type { FormatName } from "./formats/index.ts";
import { commentsColumn } from "./select-columns.ts";
import type { ColumnKind, ExportTable } from "./tables/table.ts";

type ColumnDescription = { id: string; type: ColumnKind | "scores"; nullable: boolean; unit: string | null; description: string };

export const describeColumns = (table: ExportTable): ColumnDescription[] => [
  ...Object.entries(table.columns).map(([id, { kind, nullable, unit, description }]) => ({
    id,
    type: kind,
    nullable,
    unit: unit ?? null,
    description,
  })),
  ...(table.commentObject === null
    ? []
    : [{ id: "comments", type: commentsColumn.kind, nullable: false, unit: null, description: commentsColumn.description }]),
  ...(table.scoreLevels === null
    ? []
    : [
        {
          id: "scores",
          type: "scores" as const,
          nullable: true,
          unit: null,
          description: "One column for each name of a score, found when the export runs: an array of numbers or of strings.",
        },
      ]),
];

const text = { csv: "text", json: "string", parquet: "STRING" };
const encodings: Record<ColumnKind | "scores", { csv: string; json: string; parquet: string }> = {
  string: text,
  text,
  json: { csv: "text as stored", json: "object or array where the text holds one, else string", parquet: "STRING" },
  document: { csv: "JSON text", json: "JSON", parquet: "STRING holding JSON" },
  timestamp: { csv: "ISO 8601 UTC", json: "string, ISO 8601 UTC", parquet: "TIMESTAMP, UTC" },
  integer: { csv: "digits", json: "number; string where the column is of 64 bits or more", parquet: "integer" },
  decimal: { csv: "digits", json: "string of digits", parquet: "DECIMAL" },
  number: { csv: "digits, nan, inf or -inf", json: "number; NaN, Infinity and -Infinity as strings", parquet: "DOUBLE" },
  boolean: { csv: "true or false", json: "true or false", parquet: "BOOLEAN" },
  "array<string>": { csv: "JSON text", json: "array of strings", parquet: "LIST of STRING" },
  "array<number>": { csv: "JSON text", json: "array of numbers", parquet: "LIST of DOUBLE" },
  "map<integer>": { csv: "JSON text", json: "object of strings of digits", parquet: "MAP of integers" },
  "map<decimal>": { csv: "JSON text", json: "object of strings of digits", parquet: "MAP of DECIMAL" },
  "map<string>": { csv: "JSON text", json: "object", parquet: "MAP of STRING" },
  scores: { csv: "JSON text, empty without a score", json: "array, null without a score", parquet: "LIST, empty without a score" },
};

/** Describes how a format writes a column. */
export const encodingOf = (type: ColumnKind | "scores", format: FormatName): string => {
  const { csv, json, parquet } = encodings[type];
  return format === "CSV" ? csv : format === "PARQUET" ? parquet : json;
};
