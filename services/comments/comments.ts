/** Comments: written by people, and read by exports as a column and as filters. */

import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import { externalSet } from "../../core/query/external-table.ts";
import type { CommentFilter, Condition } from "../../core/query/filters/compile-filter.ts";
import type { CommentObject } from "../../core/query/tables/table.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { comments, users } from "../../db/postgres/schema.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";

export type CommentRow = typeof comments.$inferSelect & { authorEmail: string | null };

export const createComment = (
  db: Database,
  actor: Actor,
  comment: { id: string; objectType: CommentObject; objectId: string; content: string; authorUserId: string | null },
  auditId: string,
): Promise<CommentRow> =>
  transaction(db, async (tx) => {
    if (comment.authorUserId !== null) {
      const [member] = await execute(
        tx,
        sql`select m.id from memberships m where m.user_id = ${comment.authorUserId} and m.org_id = ${actor.organizationId}`,
      );
      if (member === undefined)
        throw new AppError({
          code: "INVALID_REQUEST",
          fields: [{ path: "authorUserId", message: "There is no such user in this organisation." }],
        });
    }
    const [row] = await tx
      .insert(comments)
      .values({ ...comment, projectId: actor.projectId })
      .returning();
    await writeAudit(tx, actor, { id: auditId, resourceType: "comment", resourceId: comment.id, action: "create", after: row });
    const found = await findComment(tx, actor.projectId, comment.id);
    if (found === undefined) throw new AppError({ code: "INTERNAL", detail: "the comment just stored is gone" });
    return found;
  });

const columns = { comment: comments, authorEmail: users.email };

export const findComment = async (db: Database, projectId: string, id: string): Promise<CommentRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(comments)
    .leftJoin(users, eq(users.id, comments.authorUserId))
    .where(and(eq(comments.projectId, projectId), eq(comments.id, id)));
  return row === undefined ? undefined : { ...row.comment, authorEmail: row.authorEmail };
};

/** A page, newest first, after the cursor. */
export const listComments = async (
  db: Database,
  projectId: string,
  page: {
    limit: number;
    after: { createdAt: Date; id: string } | null;
    objectType: CommentObject | null;
    objectId: string | null;
  },
): Promise<CommentRow[]> => {
  const at = sql`date_trunc('milliseconds', ${comments.createdAt})`;
  const rows = await db
    .select(columns)
    .from(comments)
    .leftJoin(users, eq(users.id, comments.authorUserId))
    .where(
      and(
        eq(comments.projectId, projectId),
        page.objectType === null ? undefined : eq(comments.objectType, page.objectType),
        page.objectId === null ? undefined : eq(comments.objectId, page.objectId),
        page.after === null
          ? undefined
          : or(lt(at, page.after.createdAt.toISOString()), and(eq(at, page.after.createdAt.toISOString()), lt(comments.id, page.after.id))),
      ),
    )
    .orderBy(desc(at), desc(comments.id))
    .limit(page.limit);
  return rows.map(({ comment, authorEmail }) => ({ ...comment, authorEmail }));
};

export const deleteComment = (db: Database, actor: Actor, id: string, auditId: string): Promise<boolean> =>
  transaction(db, async (tx) => {
    const before = await findComment(tx, actor.projectId, id);
    if (before === undefined) return false;
    await tx.delete(comments).where(and(eq(comments.projectId, actor.projectId), eq(comments.id, id)));
    await writeAudit(tx, actor, { id: auditId, resourceType: "comment", resourceId: id, action: "delete", before });
    return true;
  });

type Scope = { projectId: string; objectType: CommentObject; cutoff: string };

const within = ({ projectId, objectType, cutoff }: Scope) =>
  sql`project_id = ${projectId} and object_type = ${objectType} and created_at < ${cutoff}::timestamptz`;

/** Ids of a filter are handed to ClickHouse up to here. */
const filterIdsMax = 50_000;

/** Comment filters as conditions on ids. A count that 0 satisfies is turned around: ids that violate it are left out. Reads comments_object_idx. */
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

/** Ids that have comments. Memory: the ids; `idsMax` + 1 of them tell that there are more. */
export const listCommentedIds = async (db: Database, scope: Scope, idsMax: number): Promise<string[]> =>
  (
    await execute<{ id: string }>(
      db,
      sql`select distinct object_id as id from comments where ${within(scope)} order by object_id limit ${idsMax + 1}`,
    )
  ).map(({ id }) => id);

/** The comments of the given objects as JSON arrays, oldest first. */
export const loadCommentTexts = (db: Database, scope: Scope, ids: readonly string[]): Promise<{ id: string; text: string }[]> =>
  execute<{ id: string; text: string }>(
    db,
    sql`select c.object_id as id, json_agg(json_build_object('id', c.id, 'content', c.content, 'authorEmail', u.email,
        'createdAt', to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) order by c.created_at, c.id)::text as text
      from comments c left join users u on u.id = c.author_user_id
      where c.project_id = ${scope.projectId} and c.object_type = ${scope.objectType} and c.created_at < ${scope.cutoff}::timestamptz
        and c.object_id in (select value from json_array_elements_text(${JSON.stringify(ids)}::json))
      group by c.object_id order by c.object_id`,
  );
