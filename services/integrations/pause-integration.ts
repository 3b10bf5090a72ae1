/** Pauses an integration: no further window begins. One that is under way ends first. */
import { eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { laterThan } from "./change-integration.ts";
import { lockIntegration } from "./integration-row.ts";

/** A paused integration stays as it is, and nothing is recorded. */
export const pauseIntegration = (db: Database, actor: Actor, id: string): Promise<"paused" | "absent"> =>
  transaction(db, async (tx) => {
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return "absent";
    if (!row.enabled) return "paused";
    await tx
      .update(integrations)
      .set({ enabled: false, nextRunAt: null, updatedAt: laterThan(row.updatedAt) })
      .where(eq(integrations.id, id));
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "pause" });
    return "paused";
  });
