/** Asks an integration to deliver now what is complete, without waiting for its schedule. */
import { eq, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { enqueueRun } from "./enqueue-run.ts";
import { lockIntegration } from "./integration-row.ts";

export const requestRun = (db: Database, actor: Actor, id: string): Promise<"requested" | "disabled" | "absent"> =>
  transaction(db, async (tx) => {
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return "absent";
    if (!row.enabled) return "disabled";
    // Kept with the integration: a job of the schedule may be waiting or under way, and then there is no other one to carry it.
    await enqueueRun(tx, row, { cause: actor });
    await tx.update(integrations).set({ nextRunAt: sql`now()`, isRunRequested: true }).where(eq(integrations.id, id));
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "run" });
    return "requested";
  });
