/**
 * Compiles untrusted filters to SQL with bound parameters. Every fault names its field. Parameter names are stable, so filters of equal
 * shape have equal text.
 */

import { z } from "zod";
import type { FieldError } from "../../errors.ts";
import { notStorable, storable } from "../../storable.ts";
import { WellFormedText } from "../../well-formed-text.ts";
import { isExternalTable } from "../external-table.ts";
import type { Sql } from "../sql.ts";
import type { ExportTable, FilterColumn } from "../tables/table.ts";
import { type FilterType, type FilterTypeEntry, filterTypeNames, filterTypes, never } from "./operators.ts";

export type Condition = Sql & { readsContent: boolean };

/** A filter on comments, resolved in Postgres and then applied as a list of ids. */
export type CommentFilter = { on: "count" | "content"; operator: string; value: string | number };

const Envelope = z.looseObject({ type: z.enum(filterTypeNames), column: z.string(), operator: z.string() });

export const findFilterColumn = (table: ExportTable, id: string): FilterColumn | undefined => {
  if (Object.hasOwn(table.filters, id)) return table.filters[id];
  const alias = Object.hasOwn(table.aliases, id) ? table.aliases[id] : undefined;
  return alias === undefined ? undefined : table.filters[alias];
};

/** The legacy column id `scores` stands for a different column per filter type. */
const scoresBy: Partial<Record<string, string>> = {
  numberObject: "scores_avg",
  categoryOptions: "score_categories",
  booleanObject: "score_booleans",
};

/** Compiles one filter. Adds its faults to `faults`, with paths below `path`, and then returns undefined. */
const compileOne = (
  filter: unknown,
  index: number,
  table: ExportTable,
  path: string,
  faults: FieldError[],
): Condition | CommentFilter | undefined => {
  const fault = (where: string, message: string) => {
    faults.push({ path: where === "" ? path : `${path}.${where}`, message });
    return undefined;
  };
  const envelope = Envelope.safeParse(filter);
  if (!envelope.success) {
    for (const issue of envelope.error.issues) fault(issue.path.join("."), issue.message);
    return undefined;
  }
  const { type, column: columnId, operator: operatorName, ...rest } = envelope.data;
  const entry: FilterTypeEntry = filterTypes[type as FilterType];
  const column = findFilterColumn(table, columnId === "scores" ? (scoresBy[type] ?? columnId) : columnId);
  if (column === undefined) return fault("column", `Column ${JSON.stringify(columnId)} cannot be filtered in table ${table.name}.`);
  if (entry.columns !== undefined && !entry.columns.includes(column.type))
    return fault("type", `Filter type ${type} does not fit column ${columnId}, which is of type ${column.type}.`);
  const operator = Object.hasOwn(entry.operators, operatorName) ? entry.operators[operatorName] : undefined;
  if (operator === undefined)
    return fault(
      "operator",
      `Filter type ${type} has no operator ${JSON.stringify(operatorName)}; it has ${Object.keys(entry.operators).join(", ")}.`,
    );
  if (operator.needsMatch === true && column.canMatch !== true)
    return fault("operator", "`matches` is only supported for input, output, and metadata filters.");

  const shape = entry.hasKey
    ? z.strictObject({ value: operator.value, key: WellFormedText.min(1) })
    : z.strictObject({ value: operator.value });
  const parsed = shape.safeParse(rest);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      fault(
        issue.path.map(String).join("."),
        issue.code === "unrecognized_keys" ? `Unknown field ${issue.keys.join(", ")}.` : issue.message,
      );
    return undefined;
  }
  const { value, key = "" } = parsed.data as { value: never; key?: string };
  if (column.comment !== undefined) {
    // Comments are in Postgres, which refuses to compare a text it cannot store.
    if (typeof value === "string" && !storable(value)) return fault("value", notStorable);
    return { on: column.comment, operator: operatorName, value };
  }
  const params: Record<string, unknown> = {};
  let count = 0;
  const bind = (parameterType: string, bound: unknown) => {
    const name = `f${index}_${count++}`;
    params[name] = bound;
    return isExternalTable(bound) ? `(SELECT v FROM ${name})` : `{${name}:${parameterType}}`;
  };
  const text = operator.sql({ column, key, value, bind });
  return { sql: text, uses: text === never ? [] : column.uses, params, readsContent: column.readsContent === true };
};

/** Compiles a list of filters, which the caller combines by AND. Returns the conditions, or all faults at once. */
export const compileFilter = (
  filters: readonly unknown[],
  table: ExportTable,
  path = "query.filter",
): { conditions: Condition[]; commentFilters: CommentFilter[]; faults: FieldError[] } => {
  const faults: FieldError[] = [];
  const compiled = filters.flatMap((filter, index) => compileOne(filter, index, table, `${path}[${index}]`, faults) ?? []);
  return {
    conditions: compiled.flatMap((one) => ("sql" in one ? one : [])),
    commentFilters: compiled.flatMap((one) => ("sql" in one ? [] : one)),
    faults,
  };
};

/** Lists the filter types and operators of each column, for the table's description in the API. */
export const describeFilters = (table: ExportTable) =>
  Object.entries(table.filters).map(([id, column]) => ({
    id,
    type: column.type,
    aliases: Object.entries(table.aliases)
      .filter(([, target]) => target === id)
      .map(([alias]) => alias),
    filters: (Object.entries(filterTypes) as [FilterType, FilterTypeEntry][])
      .filter(([, entry]) => entry.columns === undefined || entry.columns.includes(column.type))
      .map(([type, entry]) => ({
        type,
        operators: Object.entries(entry.operators)
          .filter(([, operator]) => operator.needsMatch !== true || column.canMatch === true)
          .map(([name]) => name),
      })),
  }));
