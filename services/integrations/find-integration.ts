/** Finds and lists integrations of a project, with what their status needs. */
import { and, desc, eq, getTableColumns, lt, or, type SQL, sql } from "drizzle-orm";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import type { IntegrationRow } from "./integration-row.ts";

export type FoundIntegration = IntegrationRow & {
  runs: { running: number; queued: number; pending: number; failed: number };
  openRejections: number;
};

/** With its table, which drizzle leaves out in a query of one table: the tables within have an id of their own. */
const ownId = sql.raw(`"integrations"."id"`);

const runsIn = (state: string): SQL<number> =>
  sql<number>`(select count(*)::int from integration_runs r where r.integration_id = ${ownId} and r.state = ${state})`;

const found = {
  integration: getTableColumns(integrations),
  runs: { running: runsIn("running"), queued: runsIn("queued"), pending: runsIn("pending"), failed: runsIn("failed") },
  openRejections: sql<number>`(select count(*)::int from integration_rejections j where j.integration_id = ${ownId} and j.accepted_at is null)`,
};

const createdMs = sql`date_trunc('milliseconds', ${integrations.createdAt})`;

export const findIntegration = async (db: Database, projectId: string, id: string): Promise<FoundIntegration | undefined> => {
  const [row] = await db
    .select(found)
    .from(integrations)
    .where(and(eq(integrations.projectId, projectId), eq(integrations.id, id)));
  return row === undefined ? undefined : { ...row.integration, runs: row.runs, openRejections: row.openRejections };
};

/** Lists a page, newest first, after the cursor. */
export const listIntegrations = async (
  db: Database,
  projectId: string,
  page: { limit: number; after: { createdAt: Date; id: string } | null; kind: IntegrationKind | null },
): Promise<FoundIntegration[]> => {
  const rows = await db
    .select(found)
    .from(integrations)
    .where(
      and(
        eq(integrations.projectId, projectId),
        page.kind === null ? undefined : eq(integrations.kind, page.kind),
        page.after === null
          ? undefined
          : or(
              lt(createdMs, page.after.createdAt.toISOString()),
              and(eq(createdMs, page.after.createdAt.toISOString()), lt(integrations.id, page.after.id)),
            ),
      ),
    )
    .orderBy(desc(createdMs), desc(integrations.id))
    .limit(page.limit);
  return rows.map((row) => ({ ...row.integration, runs: row.runs, openRejections: row.openRejections }));
};
