/**
 * Joins that bring data of other tables to a row. Each reads one project, the newest version of each id wherever its sort key has moved
 * (argMax, so also across partitions, which FINAL does not merge), and drops deleted rows. Of two versions of the same instant, the one
 * that is not deleted counts: a re-keyed row is deleted under its old key with the version it has under the new one.
 */
import { jsonNumber, numberText } from "../formats/json-rows.ts";
import { type Expression, joinSql, type RelationColumn, relation, sql } from "../sql.ts";
import type { LookupName, Relation } from "./table.ts";

/** How a relation is narrowed: `column` of any version of its rows equals the value of `on` in one of the rows `among`. */
type Narrowing = { among: string | null; column: string; on: string };

/** A column, or an expression over the columns of a table. */
type Field = string | { name: string; sql: string };

/**
 * Selects the newest version of each id of a table. Reads all versions of an id if any version is among the rows, so that the newest is
 * found. Version and deletion are compared as one number; as a tuple they cost a third more.
 */
export const newestOf = (table: string, fields: readonly Field[], narrowing?: Narrowing): string => {
  const values = fields.map((field) => (typeof field === "string" ? field : field.sql));
  const packed = `argMax(tuple(${values.join(", ")}, is_deleted), toUnixTimestamp64Milli(event_ts) * 2 - is_deleted)`;
  const unpacked = fields.map((field, i) => `row.${i + 1} AS ${typeof field === "string" ? field : field.name}`).join(", ");
  return `(SELECT id, ${unpacked} FROM (SELECT id, ${packed} AS row FROM ${table} WHERE project_id = {projectId:String}${narrowed(table, narrowing)} GROUP BY id) WHERE row.${fields.length + 1} = 0)`;
};

const narrowed = (table: string, narrowing: Narrowing | undefined): string => {
  if (narrowing === undefined || narrowing.among === null) return "";
  const { among, column, on } = narrowing;
  return column === "id"
    ? ` AND id IN (SELECT ${on} ${among})`
    : ` AND id IN (SELECT id FROM ${table} WHERE project_id = {projectId:String} AND ${column} IN (SELECT ${on} ${among}))`;
};

const isText = "data_type IN ('CATEGORICAL', 'TEXT')";

/**
 * Scores of one key, averaged per name, type and text, in a fixed order. `items` is Array(Tuple(name, type, value, text)). Maps from names,
 * in valid UTF-8, to lists: `numbers`, `jsonNumbers` (the same as JSON), `texts` (numbers too, as text). A column per name takes its values
 * from a map: with 1,000 names, a search of `items` for each took the server seconds to plan. `invalidTexts` counts texts that are not UTF-8.
 */
const scoresBy =
  (alias: string, key: string, on: string, where: string): Relation =>
  (among) =>
    `LEFT ANY JOIN (
  SELECT key, groupArray((name, data_type, value, text)) AS items,
    groupArrayMap(map(toValidUTF8(name), value)) AS numbers,
    groupArrayMap(map(toValidUTF8(name), ${jsonNumber("value")})) AS jsonNumbers,
    groupArrayMap(map(toValidUTF8(name), if(${isText}, text, ${numberText("value")}))) AS texts,
    countIf(${isText} AND NOT isValidUTF8(text)) AS invalidTexts
  FROM (
    SELECT ifNull(${key}, '') AS key, name, data_type, avg(value) AS value, if(data_type = 'TEXT' AND long_string_value != '', long_string_value, ifNull(string_value, '')) AS text
    FROM ${newestOf("scores", ["trace_id", "observation_id", "session_id", "name", "data_type", "value", "string_value", "long_string_value"], { among, column: key, on })}
    WHERE ${where} AND data_type IN ('NUMERIC', 'BOOLEAN', 'CATEGORICAL', 'TEXT')
    GROUP BY key, name, data_type, text ORDER BY key, name, data_type, text
  ) GROUP BY key
) AS ${alias} ON ${alias}.key = ${on}`;

/** Columns of the scores of an observation and of its trace, if the relations are named so. */
export const ownScores = relation("ownScores");
export const traceScores = relation("traceScores");

/** All scores of a row from several relations, those of the first before those of the next. */
export const itemsOf = (levels: readonly RelationColumn[]): Expression => concatenated(levels.map((scores) => scores("items")));

/** Concatenates lists. */
export const concatenated = (lists: readonly Expression[]): Expression =>
  lists.length === 1 && lists[0] !== undefined ? lists[0] : sql`arrayConcat(${joinSql(lists, ", ")})`;

const isSet = (column: string) => `ifNull(${column}, '') != ''`;

/** Scores of exactly this observation. Observation ids are unique within a project. */
export const observationScores = (alias: string, id: string) => scoresBy(alias, "observation_id", id, isSet("observation_id"));
/** Scores of the trace itself, not of its observations. */
export const traceOwnScores = (alias: string, id: string) =>
  scoresBy(alias, "trace_id", id, `${isSet("trace_id")} AND NOT (${isSet("observation_id")})`);
/** Scores of the trace and of all its observations. */
export const traceAllScores = (alias: string, id: string) => scoresBy(alias, "trace_id", id, isSet("trace_id"));
export const sessionScores = (alias: string, id: string) => scoresBy(alias, "session_id", id, isSet("session_id"));

/** The trace of an observation or score. */
export const traceOf =
  (alias: string, id: string): Relation =>
  (among) =>
    `LEFT ANY JOIN ${newestOf("traces", ["timestamp", "name", "user_id", "session_id", "tags", "environment"], { among, column: "id", on: id })} AS ${alias} ON ${alias}.id = ${id}`;

const summed = (map: string, part: string, scale: number) =>
  `sum(arraySum(arrayMap((k, v) -> if(positionCaseInsensitive(k, '${part}') > 0, toDecimal128(v, ${scale}), toDecimal128(0, ${scale})), mapKeys(${map}), mapValues(${map}))))`;
const totals = (map: string, scale: number) => `sum(toDecimal128(${map}['total'], ${scale}))`;

/** Totals of a trace's observations. A trace without any has counts and sums of 0 and no latency. */
export const observationTotals =
  (alias: string, key: string, id: string, from = ""): Relation =>
  (among) =>
    `LEFT ANY JOIN (
  SELECT ${key} AS key, count() AS observations,
    toNullable(date_diff('millisecond', min(start_time), max(ifNull(end_time, start_time)))) AS latency_ms,
    countIf(level = 'ERROR') AS errors, countIf(level = 'WARNING') AS warnings, countIf(level = 'DEFAULT') AS defaults, countIf(level = 'DEBUG') AS debugs,
    ${summed("usage_details", "input", 0)} AS input_tokens, ${summed("usage_details", "output", 0)} AS output_tokens, ${totals("usage_details", 0)} AS total_tokens,
    ${summed("cost_details", "input", 12)} AS input_cost, ${summed("cost_details", "output", 12)} AS output_cost, ${totals("cost_details", 12)} AS total_cost
  FROM ${newestOf("observations", ["trace_id", "start_time", "end_time", "level", "usage_details", "cost_details"], from === "" ? { among, column: "trace_id", on: id } : undefined)} AS o ${from} GROUP BY key
) AS ${alias} ON ${alias}.key = ${id}`;

/** A list from Postgres that is sent with the query. */
export const lookup =
  (name: LookupName, id: string): Relation =>
  () =>
    `LEFT ANY JOIN ${lookupTable(name)} AS ${name} ON ${name}.id = ${id}`;

/** Returns the name of the external table with such a list. */
export const lookupTable = (name: LookupName): string => `lookup_${name}`;
