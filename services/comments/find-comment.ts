/** Finds one comment of a project. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { comments } from "../../db/postgres/schema/comments.ts";
import { users } from "../../db/postgres/schema/tenants.ts";

export type CommentRow = typeof comments.$inferSelect & { authorEmail: string | null };

export const columns = { comment: comments, authorEmail: users.email };

export const findComment = async (db: Database, projectId: string, id: string): Promise<CommentRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(comments)
    .leftJoin(users, eq(users.id, comments.authorUserId))
    .where(and(eq(comments.projectId, projectId), eq(comments.id, id)));
  return row === undefined ? undefined : { ...row.comment, authorEmail: row.authorEmail };
};
