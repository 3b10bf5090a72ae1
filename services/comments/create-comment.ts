/** Creates a comment. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { CommentObject } from "../../core/query/tables/table.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { comments } from "../../db/postgres/schema/comments.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { type CommentRow, findComment } from "./find-comment.ts";

export const createComment = (
  db: Database,
  actor: Actor,
  comment: { id: string; objectType: CommentObject; objectId: string; content: string; authorUserId: string | null },
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
          fields: [{ path: "authorUserId", message: "This user is not a member of this organisation." }],
        });
    }
    const [row] = await tx
      .insert(comments)
      .values({ ...comment, projectId: actor.projectId })
      .returning();
    await writeAudit(tx, actor, { resourceType: "comment", resourceId: comment.id, action: "create", after: row });
    const found = await findComment(tx, actor.projectId, comment.id);
    if (found === undefined) throw new AppError({ code: "INTERNAL", detail: "the comment just stored is gone" });
    return found;
  });
