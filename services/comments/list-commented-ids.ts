/** Lists the ids of commented objects and loads their texts, for an export column. */
import { sql } from "drizzle-orm";
import { storable } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { type Scope, within } from "./comment-scope.ts";

/** Lists ids of objects with comments: up to `idsMax` + 1, of which the last shows that there are more. Memory: the ids. */
export const listCommentedIds = async (db: Database, scope: Scope, idsMax: number): Promise<string[]> =>
  (
    await execute<{ id: string }>(
      db,
      sql`select distinct object_id as id from comments where ${within(scope)} order by object_id limit ${idsMax + 1}`,
    )
  ).map(({ id }) => id);

/** Loads the comments of the given objects as JSON arrays, oldest first. An id that Postgres cannot store has none. */
export const loadCommentTexts = (db: Database, scope: Scope, ids: readonly string[]): Promise<{ id: string; text: string }[]> =>
  execute<{ id: string; text: string }>(
    db,
    sql`select c.object_id as id, json_agg(json_build_object('id', c.id, 'content', c.content, 'authorEmail', u.email,
        'createdAt', to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) order by c.created_at, c.id)::text as text
      from comments c left join users u on u.id = c.author_user_id
      where c.project_id = ${scope.projectId} and c.object_type = ${scope.objectType} and c.created_at < ${scope.cutoff}::timestamptz
        and c.object_id in (select value from json_array_elements_text(${JSON.stringify(ids.filter(storable))}::json))
      group by c.object_id order by c.object_id`,
  );
