/** Gives conditions the types of a table's columns, as the API describes them, and makes filters of the API. */
import { usageError } from "../exit-codes.ts";
import type { Condition, Literal } from "./parse-filter.ts";
import { parseInstant } from "./parse-instant.ts";

/** A filter column in the API's description of a table. */
export type FilterColumn = {
  id: string;
  type: string;
  aliases: readonly string[];
  filters: readonly { type: string; operators: readonly string[] }[];
};
export type DescribedTable = { name: string; filters: readonly FilterColumn[] };
export type ApiFilter = { type: string; column: string; key?: string; operator: string; value: unknown };

type ReadValue = (literal: Literal, nowMs: number) => unknown;

const text: ReadValue = (literal) => literal.text;

const number: ReadValue = ({ text: typed, isQuoted }) => {
  if (isQuoted || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed)) throw usageError(`${JSON.stringify(typed)} is no number.`);
  const value = Number(typed);
  if (!Number.isFinite(value)) throw usageError(`${typed} is too large for a number.`);
  return value;
};

const boolean: ReadValue = ({ text: typed, isQuoted }) => {
  if (isQuoted || (typed !== "true" && typed !== "false")) throw usageError(`${JSON.stringify(typed)} is neither true nor false.`);
  return typed === "true";
};

/** How values are typed, by the API's filter types. */
const filterTypes: Record<string, { isList: boolean; hasKey: boolean; read: ReadValue }> = {
  string: { isList: false, hasKey: false, read: text },
  stringOptions: { isList: true, hasKey: false, read: text },
  arrayOptions: { isList: true, hasKey: false, read: text },
  number: { isList: false, hasKey: false, read: number },
  datetime: { isList: false, hasKey: false, read: (literal, nowMs) => parseInstant(literal.text, nowMs) },
  boolean: { isList: false, hasKey: false, read: boolean },
  stringObject: { isList: false, hasKey: true, read: text },
  numberObject: { isList: false, hasKey: true, read: number },
  categoryOptions: { isList: true, hasKey: true, read: text },
  booleanObject: { isList: false, hasKey: true, read: boolean },
};

/** Conditions on such columns name a key, as in `metadata.region = eu`. */
export const hasKey = (columnType: string): boolean => Object.hasOwn(filterTypes, columnType) && filterTypes[columnType]?.hasKey === true;

/** What an operator can mean, first the one of its name. A list of one stands for an equality that the column lacks. */
const meanings = (operator: string): { operator: string; isOneOfList: boolean }[] => {
  const itself = { operator, isOneOfList: false };
  if (operator === "=") return [itself, { operator: "any of", isOneOfList: true }];
  if (operator === "!=" || operator === "<>")
    return [
      { operator: "<>", isOneOfList: false },
      { operator: "none of", isOneOfList: true },
    ];
  return [itself];
};

const findColumn = (table: DescribedTable, typed: string): FilterColumn => {
  const column = table.filters.find(({ id, aliases }) => id === typed || aliases.includes(typed));
  if (column !== undefined) return column;
  const wanted = typed.toLowerCase();
  const near = table.filters
    .map(({ id }) => id)
    .filter((id) => id.toLowerCase().includes(wanted) || wanted.includes(id.toLowerCase()) || shareStart(id.toLowerCase(), wanted));
  throw usageError(`Table ${table.name} has no filter column ${JSON.stringify(typed)}.`, {
    help: `${near.length === 0 ? "" : `Did you mean ${near.slice(0, 4).join(", ")}? `}\`spillway tables ${table.name}\` lists the columns.`,
  });
};

const shareStart = (a: string, b: string): boolean => a.length >= 3 && b.length >= 3 && a.slice(0, 3) === b.slice(0, 3);

/** Operators a person can type for a column. */
const operatorsOf = (column: FilterColumn): string =>
  [...new Set(column.filters.flatMap(({ operators }) => operators))].map((one) => (one === "<>" ? "!=" : one)).join(", ");

const rank = ({ type, isOneOfList }: { type: string; isOneOfList: boolean }, column: FilterColumn): number =>
  Number(isOneOfList) * 2 + Number(type !== column.type);

/** Throws a usage error if the column, its key, the operator or the value do not fit the table. */
export const typeCondition = (table: DescribedTable, condition: Condition, nowMs: number): ApiFilter => {
  const column = findColumn(table, condition.column);
  const found = meanings(condition.operator)
    .flatMap((meaning) =>
      column.filters.filter(({ operators }) => operators.includes(meaning.operator)).map(({ type }) => ({ ...meaning, type })),
    )
    // The operator itself before a list of one; of two types that have it, the column's own.
    .toSorted((a, b) => rank(a, column) - rank(b, column))[0];
  if (found === undefined)
    throw usageError(`Column ${column.id} has no operator ${JSON.stringify(condition.operator)}. It has: ${operatorsOf(column)}.`);
  const { type, operator, isOneOfList } = found;
  const base = { type, column: column.id, operator };
  if (type === "null") {
    if (condition.key !== undefined) throw usageError(`\`${operator}\` takes the column ${column.id} without a key.`);
    return { ...base, value: "" };
  }
  const kind = Object.hasOwn(filterTypes, type) ? filterTypes[type] : undefined;
  if (kind === undefined)
    throw usageError(`This version cannot write filters of type ${type}.`, { help: "Give it with --filter-json, or update spillway." });
  if (kind.hasKey && condition.key === undefined)
    throw usageError(`Column ${column.id} needs a key, such as ${column.id}.NAME or ${column.id}["any name"].`);
  if (!kind.hasKey && condition.key !== undefined) throw usageError(`Column ${column.id} has no keys.`);
  const key = condition.key === undefined ? {} : { key: condition.key };
  return {
    ...base,
    ...key,
    value: readValue(column, operator, condition.value, kind.isList, isOneOfList, (literal) => kind.read(literal, nowMs)),
  };
};

const readValue = (
  column: FilterColumn,
  operator: string,
  value: Condition["value"],
  isList: boolean,
  isOneOfList: boolean,
  read: (literal: Literal) => unknown,
): unknown => {
  if (value === undefined) throw usageError(`Column ${column.id} needs a value after ${JSON.stringify(operator)}.`);
  if (Array.isArray(value)) {
    if (!isList || isOneOfList)
      throw usageError(`Column ${column.id} takes one value here, not a list.`, { help: `For several values: ${column.id} in (a, b).` });
    return value.map(read);
  }
  if (isOneOfList) return [read(value)];
  if (isList) throw usageError(`\`${operator}\` takes a list: ${column.id} ${operator} (a, b).`);
  return read(value);
};
