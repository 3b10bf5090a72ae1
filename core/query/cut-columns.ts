/** Cells cut to a length by ClickHouse itself, so that a large cell is never sent whole. Pure text. */
import type { SelectedColumn } from "./selected-column.ts";
import { type Expression, usesOf } from "./sql.ts";
import { sqlText } from "./sql-text.ts";

/** Kinds whose cells may be long. All others have a bounded length. */
const textKinds: ReadonlySet<SelectedColumn["kind"]> = new Set(["string", "text", "json"]);

/** Characters of a list or map: those of its keys and values. */
const lengthsOf = ({ kind, sql }: SelectedColumn): string | undefined => {
  if (kind === "map<string>") return `arrayMap((k, v) -> lengthUTF8(k) + lengthUTF8(v), mapKeys(${sql}), mapValues(${sql}))`;
  if (kind.startsWith("map<")) return `arrayMap((k, v) -> lengthUTF8(k) + length(toString(v)), mapKeys(${sql}), mapValues(${sql}))`;
  if (kind === "array<string>") return `arrayMap(v -> lengthUTF8(v), ${sql})`;
  return kind === "array<number>" ? `arrayMap(v -> length(toString(v)), ${sql})` : undefined;
};

/** Characters of a cell; undefined for kinds that are never cut. */
const lengthOf = (column: SelectedColumn): string | undefined => {
  if (textKinds.has(column.kind) || column.kind === "document") return `lengthUTF8(ifNull(${column.sql}, ''))`;
  const lengths = lengthsOf(column);
  return lengths === undefined ? undefined : `arraySum(${lengths})`;
};

/**
 * Returns the column with cells of at most `charactersMax` characters. Of a list or map, the first elements stay that fit; a text among
 * them is cut where the room ends. A document is no longer JSON when cut, so it becomes a JSON string.
 */
export const cutColumn = (column: SelectedColumn, charactersMax: number): SelectedColumn => {
  const { kind, sql } = column;
  const max = String(charactersMax);
  if (textKinds.has(kind)) return { ...column, sql: `leftUTF8(${sql}, ${max})` };
  if (kind === "document") return { ...column, sql: `if(lengthUTF8(${sql}) > ${max}, toJSONString(leftUTF8(${sql}, ${max})), ${sql})` };
  const lengths = lengthsOf(column);
  if (lengths === undefined) return column;
  const ends = `arrayCumSum(${lengths})`;
  // Room left for a text that ends at `e`, counted from where it begins.
  const room = `toUInt64(greatest(0, toInt64(lengthUTF8(v)) + ${max} - toInt64(e)))`;
  const begins = `(e <= ${max} OR e - lengthUTF8(v) < ${max})`;
  if (kind === "array<string>")
    return {
      ...column,
      sql: `arrayMap((v, e) -> leftUTF8(v, ${room}), ${firsts(sql, `(v, e) -> ${begins}`, ends)}, ${firsts(ends, `(e, v) -> ${begins}`, sql)})`,
    };
  if (kind === "array<number>") {
    const cut = (list: string) => firsts(list, `(v, e) -> e <= ${max}`, ends);
    return { ...column, sql: cut(sql), ...(column.jsonNumbers === undefined ? {} : { jsonNumbers: cut(column.jsonNumbers) }) };
  }
  const keys = `mapKeys(${sql})`;
  const values = `mapValues(${sql})`;
  if (kind === "map<string>")
    return {
      ...column,
      sql: `mapFromArrays(arrayFilter((k, v, e) -> ${begins}, ${keys}, ${values}, ${ends}), arrayMap((v, e) -> leftUTF8(v, ${room}), arrayFilter((v, e) -> ${begins}, ${values}, ${ends}), arrayFilter((e, v) -> ${begins}, ${ends}, ${values})))`,
    };
  return {
    ...column,
    sql: `mapFromArrays(${firsts(keys, `(k, e) -> e <= ${max}`, ends)}, ${firsts(values, `(v, e) -> e <= ${max}`, ends)})`,
  };
};

const firsts = (list: string, condition: string, other: string): string => `arrayFilter(${condition}, ${list}, ${other})`;

/** Builds one JSON object as SQL: the full length of each cell that is longer than `charactersMax`, by column. */
export const cutLengths = (columns: readonly SelectedColumn[], charactersMax: number): Expression => {
  const entries = columns.flatMap((column) => {
    const length = lengthOf(column);
    return length === undefined
      ? []
      : [`if(${length} > ${charactersMax}, concat(${sqlText(`${JSON.stringify(column.id)}:`)}, toString(${length})), '')`];
  });
  if (entries.length === 0) return { sql: "'{}'", uses: [] };
  return { sql: `concat('{', arrayStringConcat(arrayFilter(x -> x != '', [${entries.join(", ")}]), ','), '}')`, uses: usesOf(columns) };
};
