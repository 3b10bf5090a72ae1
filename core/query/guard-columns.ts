/**
 * Keeps values out of files that readers cannot process: bytes that are not UTF-8, NUL in CSV, and duplicate keys in a map. Such values are
 * rare and cheap to detect (a hundredth of the query's time). So a slice is first read with a check that ends the query at the first one,
 * and only then read again with every value repaired and counted.
 */

import type { FormatName } from "./formats/index.ts";
import type { SelectedColumn } from "./selected-column.ts";
import { type Expression, usesOf } from "./sql.ts";
import { validUtf8 } from "./valid-utf8.ts";

/** What can be wrong in a row. Each is counted by rows. */
type Finding =
  | { kind: "invalidUtf8" | "nul" | "duplicateKeys" }
  /** A privacy rule withheld a field of this column; two further kinds give the reason. */
  | { kind: "withheld" | "notJson" | "otherShape"; column: string };
/** A finding with an SQL expression that is not 0 in the rows that have it. */
export type FoundIn = Finding & Expression;

const textKinds: ReadonlySet<SelectedColumn["kind"]> = new Set(["string", "text", "json", "document"]);

/** Summed in pairs: ClickHouse parses a row of sums into a tree as deep as it is long, and refuses more than 1,000 levels. */
const anyOf = (conditions: readonly string[]): string => {
  const half = Math.ceil(conditions.length / 2);
  if (half <= 1) return conditions.map((condition) => `toUInt64(${condition})`).join(" + ");
  return `(${anyOf(conditions.slice(0, half))}) + (${anyOf(conditions.slice(half))})`;
};

/** Builds a finding that is true if any of the columns has what `conditionsIn` looks for. */
const anyIn = (columns: readonly SelectedColumn[], conditionsIn: (column: SelectedColumn) => string[]): Expression => {
  const found = columns
    .map((column) => ({ uses: column.uses, conditions: conditionsIn(column) }))
    .filter(({ conditions }) => conditions.length > 0);
  return { sql: anyOf([...new Set(found.flatMap(({ conditions }) => conditions))]), uses: usesOf(found) };
};

const invalidIn = ({ kind, sql, nullable, invalidTexts }: SelectedColumn): string[] => {
  if (invalidTexts !== undefined) return [`(${invalidTexts} > 0)`];
  if (textKinds.has(kind)) return [`NOT isValidUTF8(${nullable ? `ifNull(${sql}, '')` : sql})`];
  if (kind === "array<string>") return [`arrayExists(v -> NOT isValidUTF8(v), ${sql})`];
  if (!kind.startsWith("map<")) return [];
  const keys = `arrayExists(k -> NOT isValidUTF8(k), mapKeys(${sql}))`;
  return kind === "map<string>" ? [keys, `arrayExists(v -> NOT isValidUTF8(v), mapValues(${sql}))`] : [keys];
};

/** Lists every finding a row of these columns can have. In CSV, lists and maps are JSON text, where NUL is escaped. */
export const findingsOf = (columns: readonly SelectedColumn[], format: FormatName): FoundIn[] => {
  // ClickHouse writes a document that rules were applied to: UTF-8 without NUL. Its expression is also too long to be repeated in a check.
  const asStored = columns.filter(({ kind, withheld }) => withheld === undefined || !textKinds.has(kind));
  const nulIn = ({ kind, sql }: SelectedColumn) =>
    format === "CSV" && textKinds.has(kind) ? [`position(ifNull(${sql}, ''), '\\0') > 0`] : [];
  const duplicatesIn = ({ kind, sql }: SelectedColumn) =>
    kind.startsWith("map<") ? [`length(mapKeys(${sql})) != length(arrayDistinct(mapKeys(${sql})))`] : [];
  const whole: FoundIn[] = [
    { kind: "invalidUtf8", ...anyIn(asStored, invalidIn) },
    { kind: "nul", ...anyIn(asStored, nulIn) },
    { kind: "duplicateKeys", ...anyIn(columns, duplicatesIn) },
  ];
  return [...whole, ...withheldIn(columns)].filter(({ sql }) => sql !== "" && sql !== "0");
};

/** Lists what privacy rules may have withheld in a row of these columns. */
export const withheldIn = (columns: readonly SelectedColumn[]): FoundIn[] =>
  columns.flatMap(({ id: column, withheld, uses }): FoundIn[] =>
    withheld === undefined
      ? []
      : [
          { kind: "withheld", column, sql: withheld.any, uses },
          { kind: "notJson", column, sql: withheld.notJson, uses },
          { kind: "otherShape", column, sql: withheld.otherShape, uses },
        ],
  );

/** Ends the query at the first row with any finding, by throwIf (ClickHouse error 395). */
export const throwOnFindings = <Item extends Expression>(list: readonly Item[], findings: readonly FoundIn[]): Item[] => {
  const [first, ...rest] = list;
  // `withheld` covers both of its reasons.
  const checked = findings.filter(({ kind }) => kind !== "notJson" && kind !== "otherShape");
  if (first === undefined || checked.length === 0) return [...list];
  const isFound = anyOf(checked.map(({ sql }) => sql));
  return [{ ...first, sql: `[${first.sql}][throwIf((${isFound}) > 0) + 1]`, uses: usesOf([first, ...checked]) }, ...rest];
};

const valid = (text: string, replacesNul: boolean): string =>
  replacesNul ? `replaceAll(${validUtf8(text)}, '\\0', '\\xEF\\xBF\\xBD')` : validUtf8(text);

/** The last value of a duplicate key is kept, as JSON readers and the API do. */
export const distinctKeys = (map: string): string =>
  `arrayMap(m -> arrayMap((ks, vs) -> mapFromArrays(arrayReverse(arrayFilter((k, n) -> n = 1, ks, arrayEnumerateUniq(ks))), arrayReverse(arrayFilter((v, n) -> n = 1, vs, arrayEnumerateUniq(ks)))), [arrayReverse(mapKeys(m))], [arrayReverse(mapValues(m))])[1], [${map}])[1]`;

/** Returns the column with every value repaired, of the same type. */
export const mendColumn = (column: SelectedColumn, format: FormatName): SelectedColumn => {
  const { kind, sql, nullable } = column;
  if (textKinds.has(kind)) {
    const mended = valid(nullable ? `assumeNotNull(${sql})` : sql, format === "CSV");
    return { ...column, sql: nullable ? `if(isNull(${sql}), NULL, ${mended})` : mended };
  }
  if (kind === "array<string>") return { ...column, sql: `arrayMap(v -> ${valid("v", false)}, ${sql})` };
  if (kind === "map<string>")
    return { ...column, sql: distinctKeys(`mapApply((k, v) -> (${valid("toString(k)", false)}, ${valid("v", false)}), ${sql})`) };
  if (kind.startsWith("map<")) return { ...column, sql: distinctKeys(`mapApply((k, v) -> (${valid("toString(k)", false)}, v), ${sql})`) };
  return column;
};
