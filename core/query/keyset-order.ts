/**
 * Pages of rows in the order of an export: where a row stands in it, and the condition for the rows behind that place. A page then begins
 * behind the last row of the page before, so rows that arrive meanwhile neither repeat nor skip others. Pure text and parameters.
 */
import { z } from "zod";
import type { CompiledQuery } from "./compile-query.ts";
import type { Condition } from "./filters/compile-filter.ts";
import { type Sql, sql, toSql } from "./sql.ts";
import type { ExportTable, FilterColumn } from "./tables/table.ts";

/** Texts are ordered by their first bytes, so that a place in the order stays short. */
const textBytesMax = 4096;

/** Bytes as hexadecimal digits, since stored texts need not be UTF-8. */
const Hex = z.string().regex(/^(?:[0-9A-F]{2})*$/);
/** Microseconds since 1970 within the range of DateTime64: 1900 to the end of 2299. */
const Micros = z
  .string()
  .regex(/^-?\d{1,17}$/)
  .refine((text) => Number(text) >= Date.UTC(1900, 0, 1) * 1000 && Number(text) < Date.UTC(2300, 0, 1) * 1000);

/** Where a row stands: the values that it is ordered by, exactly. */
export const RowPosition = z.strictObject({
  /** Microseconds since 1970 of the table's time. */
  at: Micros,
  hash: z.int().min(0).max(4_294_967_295),
  id: Hex,
  /** Of the ordered column: 0 a value, 1 NaN, 2 missing. Always 0 in the order of time. */
  rank: z.int().min(0).max(2),
  /** Value of the ordered column as text; empty without one. */
  value: z.string().max(2 * textBytesMax),
});
export type RowPosition = z.infer<typeof RowPosition>;

/** Reads the columns that `position` selects. 64-bit integers arrive as text, others as numbers. */
export const PositionRow = z.object({
  row_id: z.string(),
  position_at: z.string(),
  position_hash: z.number(),
  position_id: z.string(),
  position_rank: z.number(),
  position_value: z.string(),
});

export const positionOf = (row: z.infer<typeof PositionRow>): RowPosition => ({
  at: row.position_at,
  hash: row.position_hash,
  id: row.position_id,
  rank: row.position_rank,
  value: row.position_value,
});

type Ordered = {
  /** The query, in an order whose places are short. */
  compiled: CompiledQuery;
  /** SELECT list of a row's place. */
  position: Sql;
  /** Condition for the rows behind a place; undefined if a row of this table cannot stand there. */
  behind: (after: RowPosition) => Condition | undefined;
};

export const keysetOrder = (compiled: CompiledQuery): Ordered => {
  const { table, orderColumn, isDescending } = compiled;
  const key = orderColumn === null ? null : keyOf(orderColumn);
  const sign = isDescending ? "<" : ">";
  return {
    compiled: key === null ? compiled : { ...compiled, ...ordersBy(key, compiled) },
    position: sql`toString(toUnixTimestamp64Micro(toDateTime64(${table.time}, 6, 'UTC'))) AS position_at, ${table.hash} AS position_hash, hex(${table.id}) AS position_id, toUInt8(${key?.rank ?? "0"}) AS position_rank, ${key?.text ?? "''"} AS position_value`,
    behind: (after) => {
      const params = { afterAt: after.at, afterHash: after.hash, afterId: after.id };
      const made = key === null ? behindTime(table, sign, after) : behindValue(table, key, { sign, after });
      return made === undefined
        ? undefined
        : { ...made, params: { ...params, ...made.params }, readsContent: orderColumn?.readsContent === true };
    },
  };
};

/** A column as a sort key. */
type Key = {
  value: Sql;
  rank: Sql;
  /** The value as text, in which it is exact. */
  text: Sql;
  /** Whether such a text is a value of this column. */
  isValue: (text: string) => boolean;
  /** The value of `afterValue`. */
  bound: string;
};

const keyOf = ({ type, sql: expression, uses, scale = 0, isFloat = false }: FilterColumn): Key => {
  const given = toSql({ sql: expression, uses });
  const isMissing = (value: Sql) => sql`if(isNull(${value}), 2, 0)`;
  const orEmpty = (text: Sql) => sql`ifNull(${text}, '')`;
  const plain = (text: Sql, isValue: Key["isValue"], bound: string): Key => ({
    value: given,
    rank: isMissing(given),
    text: orEmpty(text),
    isValue,
    bound,
  });
  if (type === "datetime")
    return plain(
      sql`toString(toUnixTimestamp64Micro(toDateTime64(${given}, 6, 'UTC')))`,
      (text) => Micros.safeParse(text).success,
      "fromUnixTimestamp64Micro({afterValue:Int64}, 'UTC')",
    );
  if (type === "boolean") return plain(sql`toString(toUInt8(${given}))`, (text) => /^[01]$/.test(text), "{afterValue:UInt8}");
  if (type === "number" && !isFloat)
    return plain(
      sql`toString(toDecimal128(${given}, ${String(scale)}))`,
      (text) => isDecimal(text, scale),
      `{afterValue:Decimal(38, ${scale})}`,
    );
  if (type === "number")
    return {
      ...plain(
        sql`toString(${given})`,
        (text) => /^-?(?:inf|\d{1,320}(?:\.\d{1,320})?(?:e[+-]?\d{1,3})?)$/.test(text),
        "{afterValue:Float64}",
      ),
      rank: sql`if(isNull(${given}), 2, ifNull(isNaN(${given}), 0))`,
    };
  const start = sql`substring(${given}, 1, ${String(textBytesMax)})`;
  return {
    ...plain(sql`hex(${start})`, (text) => Hex.safeParse(text).success, "unhex({afterValue:String})"),
    value: start,
    rank: isMissing(start),
  };
};

/** Whether a text fits Decimal(38, scale). */
const isDecimal = (text: string, scale: number): boolean => {
  const [, whole = "", fraction = ""] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return whole !== "" && whole.length <= 38 - scale && fraction.length <= scale;
};

const ordersBy = ({ value }: Key, { table, isDescending }: CompiledQuery): Pick<CompiledQuery, "orderBy" | "orderOfVersions"> => {
  const direction = isDescending ? "DESC" : "ASC";
  const ofVersions = sql`${value} ${direction} NULLS LAST, ${table.time} ${direction}, ${table.hash} ${direction}, ${table.id} ${direction}`;
  return { orderBy: sql`${ofVersions}, ${table.version} DESC`, orderOfVersions: ofVersions };
};

const at = "fromUnixTimestamp64Micro({afterAt:Int64}, 'UTC')";
const isBehindTie = ({ time, hash, id }: ExportTable, sign: string): string =>
  `(${time}, ${hash}, ${id}) ${sign} (${at}, toUInt32({afterHash:UInt32}), unhex({afterId:String}))`;

/** Compares the time once more on its own, so that the sort key and the partitions can be used. */
const behindTime = (table: ExportTable, sign: string, after: RowPosition): Sql | undefined =>
  after.rank === 0 && after.value === "" ? sql`(${table.time} ${sign}= ${at} AND ${isBehindTie(table, sign)})` : undefined;

const behindValue = (
  table: ExportTable,
  { value, rank, isValue, bound }: Key,
  { sign, after }: { sign: string; after: RowPosition },
): Sql | undefined => {
  const tie = isBehindTie(table, sign);
  if (after.rank !== 0) return sql`(${rank} > ${String(after.rank)} OR (${rank} = ${String(after.rank)} AND ${tie}))`;
  if (!isValue(after.value)) return undefined;
  return {
    ...sql`(${rank} > 0 OR (${rank} = 0 AND ifNull(${value} ${sign} ${bound} OR (${value} = ${bound} AND ${tie}), 0)))`,
    params: { afterValue: after.value },
  };
};
