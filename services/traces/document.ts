/**
 * Public reads: SQL with which ClickHouse writes rows as JSON documents; each function returns SQL for one field's JSON text, never NULL.
 * The Worker passes the bytes on, so that no payload is parsed and no digit lost. A reader that parses numbers as doubles keeps 2^53 and
 * about 16 digits.
 */

import { joinSql, type Sql, type SqlLike, sql } from "../../core/query/sql.ts";

/** One member of a document: its name and the SQL of its JSON text. */
export type Field = readonly [name: string, json: SqlLike];

const orNull = (json: SqlLike) => sql`ifNull(${json}, 'null')`;

/** A text, boolean or list; null for NULL. */
export const value = (cell: SqlLike) => orNull(sql`toJSONString(${cell})`);
/** Text whose empty value means absent. */
export const filled = (cell: string) => value(`nullIf(${cell}, '')`);
/** ISO 8601 in UTC with milliseconds. */
export const instant = (cell: string) => value(`toDateTime64(${cell}, 3, 'UTC')`);
/** A number with ClickHouse's digits; not for doubles, which may not be finite. */
export const digits = (cell: SqlLike) => orNull(sql`toString(${cell})`);

const oneLine = (sql: string) => `translate(${sql}, '\\n\\r', '  ')`;

/**
 * Embeds text that is valid JSON as JSON, and any other as a string. A bare number of more than 16 characters stays a string: it may be an
 * id, and few readers keep its digits.
 * So does what simdjson cannot read, such as more than 1,024 levels or numbers beyond 64 bits.
 */
const parsed = (sql: string) =>
  `if(isValidJSON(${sql}) AND NOT (length(${sql}) > 16 AND match(${sql}, '^[ \\\\t\\\\r\\\\n]*[-0-9]')), ${oneLine(sql)}, toJSONString(${sql}))`;

/** Input or output; null if absent. */
export const payload = (sql: string) => `if(empty(ifNull(${sql}, '')), 'null', ${parsed(`assumeNotNull(${sql})`)})`;

const object = (map: string, json: (cell: string) => string) =>
  `concat('{', arrayStringConcat(arrayMap((k, v) -> concat(toJSONString(toString(k)), ':', ${json("v")}), mapKeys(${map}), mapValues(${map})), ','), '}')`;

/** Metadata: each value of the map as a payload. */
export const metadata = (map: string) => object(map, (v) => `if(empty(${v}), '""', ${parsed(v)})`);
/** The same with long values cut to their first characters, as strings, unless their key is in the list that `whole` names. */
export const shortMetadata = (map: string, charactersMax: number, whole: string) =>
  object(
    map,
    (v) =>
      `if(lengthUTF8(${v}) > ${charactersMax} AND NOT has(${whole}, k), toJSONString(leftUTF8(${v}, ${charactersMax})), if(empty(${v}), '""', ${parsed(v)}))`,
  );
/** A map of counts or costs. */
export const amounts = (map: string) => object(map, (v) => `toString(${v})`);

/** The members of an object, without its braces. */
export const members = (fields: readonly Field[]): Sql => {
  const parts = fields.map(([name, json], i) => sql`'${i === 0 ? "" : ","}${JSON.stringify(name)}:', ${json}`);
  return sql`concat(${joinSql(parts, ", ")})`;
};

export const document = (fields: readonly Field[]): Sql => sql`concat('{', ${members(fields)}, '}')`;

/** Bytes of a map of strings. */
export const mapBytes = (map: string) => `arraySum(arrayMap(v -> length(v), mapValues(${map})))`;
