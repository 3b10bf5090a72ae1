/** Lists the comments of a project. */
import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { CommentObject } from "../../core/query/tables/table.ts";
import type { Database } from "../../db/postgres/client.ts";
import { comments } from "../../db/postgres/schema/comments.ts";
import { users } from "../../db/postgres/schema/tenants.ts";
import { type CommentRow, columns } from "./find-comment.ts";

/** Lists a page, newest first, after the cursor. */
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
