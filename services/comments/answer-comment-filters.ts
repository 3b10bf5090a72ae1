/** Resolves the comment filters of a query in Postgres. */

import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import { externalSet } from "../../core/query/external-table.ts";
import type { CommentFilter, Condition } from "../../core/query/filters/compile-filter.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { type Scope, within } from "./comment-scope.ts";

/** Largest number of ids passed to ClickHouse for one filter. */
const filterIdsMax = 50_000;

/**
 * Turns comment filters into conditions on ids. For a count that 0 satisfies, the ids that violate it are excluded instead. Reads
 * comments_object_idx. Throws COMMENT_FILTER_TOO_WIDE.
 */
export const answerCommentFilters = async <Q extends Pick<CompiledQuery, "table" | "commentFilters" | "conditions" | "cheapConditions">>(
  db: Database,
  compiled: Q,
  scope: Omit<Scope, "objectType">,
): Promise<Q> => {
  const objectType = compiled.table.commentObject;
  if (objectType === null || compiled.commentFilters.length === 0) return compiled;
  const conditions: Condition[] = [];
  for (const [index, filter] of compiled.commentFilters.entries()) {
    const { ids, isExcluding } = await idsOf(db, filter, { ...scope, objectType });
    if (ids.length > filterIdsMax)
      throw new AppError({
        code: "COMMENT_FILTER_TOO_WIDE",
        message: `A comment filter matches more than ${filterIdsMax.toLocaleString("en")} ids.`,
      });
    conditions.push({
      sql: `(${compiled.table.id} ${isExcluding ? "NOT IN" : "IN"} (SELECT v FROM comment_filter_${index}))`,
      uses: [],
      params: { [`comment_filter_${index}`]: externalSet(ids) },
      readsContent: false,
    });
  }
  return {
    ...compiled,
    conditions: [...compiled.conditions, ...conditions],
    cheapConditions: [...compiled.cheapConditions, ...conditions],
  };
};

const signs = { "=": sql`=`, ">": sql`>`, "<": sql`<`, ">=": sql`>=`, "<=": sql`<=` };

const holds = (operator: string, count: number, value: number): boolean => {
  if (operator === "=") return count === value;
  if (operator === ">") return count > value;
  if (operator === "<") return count < value;
  return operator === ">=" ? count >= value : count <= value;
};

const idsOf = async (
  db: Database,
  { on, operator, value }: CommentFilter,
  scope: Scope,
): Promise<{ ids: string[]; isExcluding: boolean }> => {
  const select = async (having: ReturnType<typeof sql>) =>
    (
      await execute<{ id: string }>(
        db,
        sql`select object_id as id from comments where ${within(scope)} group by object_id having ${having} limit ${filterIdsMax + 1}`,
      )
    ).map(({ id }) => id);
  if (operator === "is null" || operator === "is not null") return { ids: await select(sql`true`), isExcluding: operator === "is null" };
  if (on === "count") {
    const sign = signs[operator as keyof typeof signs];
    const condition = sql`count(*) ${sign} ${Number(value)}::float8`;
    return holds(operator, 0, Number(value))
      ? { ids: await select(sql`not (${condition})`), isExcluding: true }
      : { ids: await select(condition), isExcluding: false };
  }
  const text = String(value);
  const matches = {
    "=": sql`content = ${text}`,
    contains: sql`position(${text} in content) > 0`,
    "does not contain": sql`position(${text} in content) > 0`,
    "starts with": sql`starts_with(content, ${text})`,
    "ends with": sql`right(content, ${[...text].length}) = ${text}`,
  }[operator];
  if (matches === undefined) throw new AppError({ code: "INVALID_FILTER", detail: `comment filter ${operator}` });
  return { ids: await select(sql`bool_or(${matches})`), isExcluding: operator === "does not contain" };
};
