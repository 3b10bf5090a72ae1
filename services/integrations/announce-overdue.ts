/** The watchdog: says once of each integration that it is two intervals behind. */
import { sql } from "drizzle-orm";
import { nextTick } from "../../core/integrations/schedule.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { announce } from "./announce.ts";
import { type IntegrationToRun, integrationColumns, isoMs } from "./integration-columns.ts";

type Watched = IntegrationToRun & { lastRunAt: string | null; now: string };

/**
 * Returns when an integration that is overdue should have delivered, else undefined. It is overdue two intervals after its newest delivery,
 * or after it was switched on, if its cursor is as far behind.
 */
const overdueSince = (integration: Watched): number | undefined => {
  if (integration.cursor === null) return undefined;
  const twoTicksAfter = (instant: string): number => {
    const tick = nextTick(integration, Date.parse(instant));
    return (tick === undefined ? undefined : nextTick(integration, tick)) ?? Number.POSITIVE_INFINITY;
  };
  const nowMs = Date.parse(integration.now) - integration.jitterSeconds * 1000;
  const newest = integration.lastRunAt === null || integration.lastRunAt < integration.cursor ? integration.cursor : integration.lastRunAt;
  const isBehind = twoTicksAfter(integration.cursor) < nowMs && twoTicksAfter(newest) < nowMs;
  return isBehind ? nextTick(integration, Date.parse(integration.cursor)) : undefined;
};

/** Returns the ids of those it told of. A backlog that is being delivered is not overdue. */
export const announceOverdue = async (db: Database): Promise<string[]> => {
  const watched = await execute<Watched>(
    db,
    sql`select ${integrationColumns}, ${isoMs(sql`greatest(i.last_run_at, i.updated_at)`)} as "lastRunAt", ${isoMs(sql`now()`)} as now
      from integrations i join projects p on p.id = i.project_id
      where i.enabled and i.overdue_at is null and i.cursor < now() - interval '5 minutes' and (i.ends_at is null or i.cursor < i.ends_at)`,
  );
  const told: string[] = [];
  for (const integration of watched) {
    const dueMs = overdueSince(integration);
    if (dueMs === undefined) continue;
    await transaction(db, async (tx) => {
      const marked = await execute(
        tx,
        sql`update integrations set overdue_at = now() where id = ${integration.id} and enabled and overdue_at is null returning id`,
      );
      if (marked.length === 0) return;
      await announce(tx, integration, "integration.overdue", {
        dueAt: new Date(dueMs).toISOString(),
        deliveredThrough: integration.cursor,
      });
      told.push(integration.id);
    });
  }
  return told;
};
