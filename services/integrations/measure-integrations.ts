/** Measures how far integrations are behind, by kind. */
import { sql } from "drizzle-orm";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

/** `lagSeconds`: of the one that is farthest behind. */
export type IntegrationLag = { kind: IntegrationKind; lagSeconds: number; overdue: number };

/** Counts those that are switched on and have something left to deliver. */
export const measureIntegrations = (db: Database): Promise<IntegrationLag[]> =>
  execute<IntegrationLag>(
    db,
    sql`select kind, max(extract(epoch from least(now(), coalesce(ends_at, now())) - coalesce(cursor, created_at)))::double precision as "lagSeconds",
        count(overdue_at)::int as overdue
      from integrations where enabled and (ends_at is null or cursor is null or cursor < ends_at) group by kind order by kind`,
  );
