/** Deletes a model of a project. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { models } from "../../db/postgres/schema/models.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findModel } from "./find-model.ts";

/** Deletes a model of the project itself. Default models stay. */
export const deleteModel = (db: Database, actor: Actor, id: string): Promise<"deleted" | "isDefault" | "absent"> =>
  transaction(db, async (tx) => {
    const [before] = await tx
      .delete(models)
      .where(and(eq(models.projectId, actor.projectId), eq(models.id, id)))
      .returning();
    if (before === undefined) return (await findModel(tx, actor.projectId, id)) === undefined ? "absent" : "isDefault";
    await writeAudit(tx, actor, { resourceType: "model", resourceId: id, action: "delete", before });
    return "deleted";
  });
