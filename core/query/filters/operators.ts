/**
 * The filter language: one entry per filter type and operator, with its value and SQL together. The filters of a list are combined by AND.
 * Every value is a bound parameter; only expressions from the table registry become SQL text.
 */

import { z } from "zod";
import { WellFormedText } from "../../well-formed-text.ts";
import { externalSet } from "../external-table.ts";
import { foldCase, foldedText } from "../fold-case.ts";
import { valueOfKey } from "../tables/columns.ts";
import type { FilterColumn, FilterColumnType } from "../tables/table.ts";
import { decimalText, instantBound, numberBound, type Sign } from "./bounds.ts";

/** Binds a value and returns its placeholder. */
type Bind = (type: string, value: unknown) => string;

type Operator = {
  value: z.ZodType;
  sql: (context: { column: FilterColumn; key: string; bind: Bind; value: never }) => string;
  /** Only for columns with full text. */
  needsMatch?: boolean;
};

export type FilterTypeEntry = {
  /** Column types this filter applies to; undefined means all. */
  columns: readonly FilterColumnType[] | undefined;
  hasKey: boolean;
  operators: Record<string, Operator>;
};

const operator = <S extends z.ZodType>(
  value: S,
  sql: (context: { column: FilterColumn; key: string; bind: Bind; value: z.infer<S> }) => string,
  more: { needsMatch?: boolean } = {},
): Operator => ({ value, sql: sql as Operator["sql"], ...more });

/** Longer lists are compared as a set where possible, with one look-up per row. */
const listLengthMax = 30_000;
const listValuesMax = 50_000;

const strings = z.array(WellFormedText).min(1, "at least one value").max(listValuesMax);
const stringsOrNone = z.array(WellFormedText).max(listValuesMax);
/** An instant with zone, compared to the microsecond. A Date would cut it to milliseconds. */
const instant = z.iso.datetime({ offset: true, error: "an ISO 8601 instant with zone, such as 2026-01-31T12:00:00.123456Z" });

const absent = (sql: string) => `(${sql} = '')`;

/** On string columns the empty string stands for NULL, as stored: missing values match `=''` and never match a negation. */
const stringOperators = (of: (context: { column: FilterColumn; key: string; bind: Bind }) => { cell: string; guard: string }) => {
  const make = (build: (cell: string, p: string, isEmpty: boolean) => string) =>
    operator(WellFormedText, (context) => {
      const { cell, guard } = of(context);
      return `(${guard}${build(cell, context.bind("String", context.value), context.value === "")})`;
    });
  return {
    "=": make((cell, p) => `${cell} = ${p}`),
    contains: make((cell, p, isEmpty) => (isEmpty ? absent(cell) : `position(${cell}, ${p}) > 0`)),
    "does not contain": make((cell, p, isEmpty) => (isEmpty ? `${cell} != ''` : `${cell} != '' AND position(${cell}, ${p}) = 0`)),
    "starts with": make((cell, p, isEmpty) => (isEmpty ? absent(cell) : `startsWith(${cell}, ${p})`)),
    "ends with": make((cell, p, isEmpty) => (isEmpty ? absent(cell) : `endsWith(${cell}, ${p})`)),
  };
};

const plainString = stringOperators(({ column }) => ({ cell: column.sql, guard: "" }));

const entryOf = ({ column, key, bind }: { column: FilterColumn; key: string; bind: Bind }) => {
  const { names, values } = column.entries ?? { names: "[]", values: "[]" };
  const p = bind("String", key);
  return { cell: valueOfKey(names, values, p), guard: `has(${names}, ${p}) AND ` };
};

/** A condition that no row satisfies and that reads no column. */
export const never = "(1 = 0)";

const compare = (sign: Sign) =>
  operator(z.number(), ({ column, bind, value }) => {
    if (column.isFloat === true) return `(${column.sql} ${sign} ${bind("Float64", value)})`;
    const scale = column.scale ?? 0;
    const bound = numberBound(sign, value, scale);
    return bound === "never" ? never : `(${column.sql} ${bound.sign} ${bind(`Decimal(38, ${scale})`, decimalText(bound.units, scale))})`;
  });

const compareTime = (sign: Sign) =>
  operator(instant, ({ column, bind, value }) => {
    const bound = instantBound(sign, value);
    return bound === "never"
      ? never
      : `(${column.sql} ${bound.sign} fromUnixTimestamp64Micro(${bind("Int64", String(bound.units))}, 'UTC'))`;
  });

const setOf = (bind: Bind, values: readonly string[]): string =>
  JSON.stringify(values).length < listLengthMax ? bind("Array(String)", values) : bind("set", externalSet(values));

/** Scores by name. Any score of that name may satisfy a filter, so a negation matches rows without one. */
type Entries<V> = { column: FilterColumn; key: string; bind: Bind; value: V };
const compareEntry = (sign: Sign) =>
  operator(
    z.number(),
    ({ column, key, bind, value }) =>
      `arrayExists(x -> x.1 = ${bind("String", key)} AND x.2 ${sign} ${bind("Float64", value)}, ${column.sql})`,
  );
const hasCategory = ({ column, key, bind, value }: Entries<string[]>) =>
  `arrayExists(x -> x.1 = ${bind("String", key)} AND has(${bind("Array(String)", value)}, x.2), ${column.sql})`;
const hasBoolean = ({ column, key, bind, value }: Entries<boolean>) =>
  `has(${column.sql}, (${bind("String", key)}, ${bind("Bool", value)} != 0))`;

const literalMatch = (cell: string, value: string, bind: Bind) =>
  `position(${foldCase(cell, value)}, ${foldCase(bind("String", value), value)}) > 0`;

/** Requires the words of the value to occur as whole words: each run of letters and digits, up to 64 of them. */
const wordsMatch = (cell: string, value: string, bind: Bind): string => {
  const words = [...new Set(foldedText(value).match(/[\p{L}\p{N}]+/gu) ?? [])].slice(0, 64);
  return `hasAll(extractAll(${foldCase(cell, value)}, '[\\\\pL\\\\pN]+'), ${bind("Array(String)", words)})`;
};

const withToken = WellFormedText.refine((value) => /[\p{L}\p{N}]/u.test(value), "`matches` requires at least one search token.");

export const filterTypes = {
  string: {
    columns: ["string", "stringOptions"],
    hasKey: false,
    operators: {
      ...plainString,
      matches: operator(
        withToken,
        ({ column, bind, value }) => `(${literalMatch(column.sql, value, bind)} AND ${wordsMatch(column.sql, value, bind)})`,
        {
          needsMatch: true,
        },
      ),
    },
  },
  stringOptions: {
    columns: ["string", "stringOptions", "arrayOptions"],
    hasKey: false,
    operators: {
      "any of": operator(strings, ({ column, bind, value }) =>
        column.type === "arrayOptions"
          ? `hasAny(${column.sql}, ${bind("Array(String)", value)})`
          : `(${column.sql} IN ${setOf(bind, value)})`,
      ),
      "none of": operator(strings, ({ column, bind, value }) =>
        column.type === "arrayOptions"
          ? `(NOT hasAny(${column.sql}, ${bind("Array(String)", value)}))`
          : `(${column.sql} != '' AND ${column.sql} NOT IN ${setOf(bind, value)})`,
      ),
    },
  },
  arrayOptions: {
    columns: ["arrayOptions"],
    hasKey: false,
    operators: {
      "any of": operator(strings, ({ column, bind, value }) => `hasAny(${column.sql}, ${bind("Array(String)", value)})`),
      "none of": operator(stringsOrNone, ({ column, bind, value }) => `(NOT hasAny(${column.sql}, ${bind("Array(String)", value)}))`),
      "all of": operator(stringsOrNone, ({ column, bind, value }) => `hasAll(${column.sql}, ${bind("Array(String)", value)})`),
    },
  },
  number: {
    columns: ["number"],
    hasKey: false,
    operators: { "=": compare("="), ">": compare(">"), "<": compare("<"), ">=": compare(">="), "<=": compare("<=") },
  },
  datetime: {
    columns: ["datetime"],
    hasKey: false,
    operators: { ">": compareTime(">"), "<": compareTime("<"), ">=": compareTime(">="), "<=": compareTime("<=") },
  },
  numberObject: {
    columns: ["numberObject"],
    hasKey: true,
    operators: {
      "=": compareEntry("="),
      ">": compareEntry(">"),
      "<": compareEntry("<"),
      ">=": compareEntry(">="),
      "<=": compareEntry("<="),
    },
  },
  categoryOptions: {
    columns: ["categoryOptions"],
    hasKey: true,
    operators: {
      "any of": operator(strings, (context) => hasCategory(context)),
      "none of": operator(strings, (context) => `(NOT ${hasCategory(context)})`),
    },
  },
  booleanObject: {
    columns: ["booleanObject"],
    hasKey: true,
    operators: {
      "=": operator(z.boolean(), (context) => hasBoolean(context)),
      "<>": operator(z.boolean(), (context) => `(NOT ${hasBoolean(context)})`),
    },
  },
  boolean: {
    columns: ["boolean"],
    hasKey: false,
    operators: {
      "=": operator(z.boolean(), ({ column, bind, value }) => `(${column.sql} = ${bind("Bool", value)})`),
      "<>": operator(z.boolean(), ({ column, bind, value }) => `(${column.sql} != ${bind("Bool", value)})`),
    },
  },
  stringObject: {
    columns: ["stringObject"],
    hasKey: true,
    operators: {
      ...stringOperators(entryOf),
      matches: operator(
        withToken,
        ({ column, key, bind, value }) => {
          const { cell, guard } = entryOf({ column, key, bind });
          return `(${guard}position(${cell}, ${bind("String", value)}) > 0 AND ${wordsMatch(cell, value, bind)})`;
        },
        { needsMatch: true },
      ),
    },
  },
  null: {
    columns: undefined,
    hasKey: false,
    operators: {
      "is null": operator(z.literal(""), ({ column }) => absence(column)),
      "is not null": operator(z.literal(""), ({ column }) => `(NOT ${absence(column)})`),
    },
  },
} as const satisfies Record<string, FilterTypeEntry>;

export type FilterType = keyof typeof filterTypes;
export const filterTypeNames = Object.keys(filterTypes) as [FilterType, ...FilterType[]];

const absence = ({ type, sql }: FilterColumn): string => {
  if (type === "string" || type === "stringOptions") return absent(sql);
  if (type === "arrayOptions" || type.endsWith("Object") || type === "categoryOptions") return `empty(${sql})`;
  return `isNull(${sql})`;
};
