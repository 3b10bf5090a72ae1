/** Deletes a finished export. */
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports, exportObjects } from "../../db/postgres/schema/exports.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findExport } from "./find-export.ts";

/** Deletes a finished export. The sweep takes over its objects and retries until they are deleted. */
export const deleteExport = (db: Database, actor: Actor, id: string): Promise<"deleted" | "running" | "notFound"> =>
  transaction(db, async (tx) => {
    const mine = and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId));
    const [row] = await tx
      .delete(batchExports)
      .where(and(mine, inArray(batchExports.status, ["COMPLETED", "FAILED", "CANCELLED"])))
      .returning();
    if (row === undefined) return (await findExport(tx, actor.projectId, id)) === undefined ? "notFound" : "running";
    await tx
      .update(exportObjects)
      .set({ state: "open", updatedAt: sql`now()` })
      .where(and(eq(exportObjects.batchExportId, id), eq(exportObjects.state, "kept")));
    await writeAudit(tx, actor, {
      resourceType: "batchExport",
      resourceId: id,
      action: "delete",
      before: { status: row.status, name: row.name, rows: row.rows, bytes: row.bytes },
    });
    return "deleted";
  });
