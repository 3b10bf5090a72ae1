/** Deletes a comment. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { comments } from "../../db/postgres/schema/comments.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findComment } from "./find-comment.ts";

export const deleteComment = (db: Database, actor: Actor, id: string): Promise<boolean> =>
  transaction(db, async (tx) => {
    const before = await findComment(tx, actor.projectId, id);
    if (before === undefined) return false;
    await tx.delete(comments).where(and(eq(comments.projectId, actor.projectId), eq(comments.id, id)));
    await writeAudit(tx, actor, { resourceType: "comment", resourceId: id, action: "delete", before });
    return true;
  });
