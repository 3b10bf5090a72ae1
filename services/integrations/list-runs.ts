/** Lists the runs of an integration: one per window, newest window first. */
import { and, desc, eq, gt, lt, or, sql } from "drizzle-orm";
import type { RunState } from "../../core/integrations/run-state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrationRuns } from "../../db/postgres/schema/integrations.ts";

export type IntegrationRunRow = typeof integrationRuns.$inferSelect;

const startMs = sql`date_trunc('milliseconds', ${integrationRuns.windowStart})`;

/** Lists a page after the cursor. `from` and `to` select the windows that touch the range. */
export const listRuns = (
  db: Database,
  integrationId: string,
  page: {
    limit: number;
    after: { windowStart: Date; id: string } | null;
    state: RunState | null;
    from: string | null;
    to: string | null;
  },
): Promise<IntegrationRunRow[]> =>
  db
    .select()
    .from(integrationRuns)
    .where(
      and(
        eq(integrationRuns.integrationId, integrationId),
        page.state === null ? undefined : eq(integrationRuns.state, page.state),
        page.from === null ? undefined : gt(integrationRuns.windowEnd, new Date(page.from)),
        page.to === null ? undefined : lt(integrationRuns.windowStart, new Date(page.to)),
        page.after === null
          ? undefined
          : or(
              lt(startMs, page.after.windowStart.toISOString()),
              and(eq(startMs, page.after.windowStart.toISOString()), lt(integrationRuns.id, page.after.id)),
            ),
      ),
    )
    .orderBy(desc(startMs), desc(integrationRuns.id))
    .limit(page.limit);

/** Finds one run. */
export const findRun = async (db: Database, integrationId: string, id: string): Promise<IntegrationRunRow | undefined> => {
  const [row] = await db
    .select()
    .from(integrationRuns)
    .where(and(eq(integrationRuns.integrationId, integrationId), eq(integrationRuns.id, id)));
  return row;
};
