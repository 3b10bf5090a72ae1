/** Asks an integration to send refused rows again, after its mapping or settings have changed. */
import { sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { lockIntegration } from "./integration-row.ts";
import { markRunsPending } from "./mark-runs-pending.ts";

/** Delivers the windows of open rejections again, as they are now. Ids of events are stable, so sinks take rows they have only once. */
export const redeliverRejections = (db: Database, actor: Actor, id: string): Promise<{ windows: number } | undefined> =>
  transaction(db, async (tx) => {
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return undefined;
    const windows = await markRunsPending(
      tx,
      row,
      sql`id in (select run_id from integration_rejections where integration_id = ${id} and accepted_at is null)`,
    );
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "redeliver", after: { windows } });
    return { windows };
  });
