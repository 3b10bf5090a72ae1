/** An integration as the runner reads it. */
import { type SQL, sql } from "drizzle-orm";
import type { IntegrationKind, SyncMode } from "../../core/integrations/integration.ts";
import type { Schedule } from "../../core/integrations/schedule.ts";

/** Instants are ISO 8601 UTC with milliseconds. */
export type IntegrationToRun = Schedule & {
  id: string;
  projectId: string;
  projectName: string;
  organizationId: string;
  kind: IntegrationKind;
  name: string;
  enabled: boolean;
  settings: Record<string, unknown>;
  sealedSecret: string | null;
  tables: string[];
  jitterSeconds: number;
  mode: SyncMode;
  startsAt: string | null;
  endsAt: string | null;
  cursor: string | null;
  /** Deliver up to now, also where no window has ended. */
  isRunRequested: boolean;
  failures: number;
  createdBy: string | null;
};

/** An instant with milliseconds, rounded down. Boundaries of windows have no finer part. */
export const isoMs = (value: SQL): SQL =>
  sql`to_char(date_trunc('milliseconds', ${value}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Select list over `integrations i` and `projects p`. */
export const integrationColumns = sql`i.id, i.project_id as "projectId", p.name as "projectName", p.org_id as "organizationId", i.kind, i.name, i.enabled, i.settings,
  i.sealed_secret as "sealedSecret", to_json(i.tables) as tables, i.frequency, i.cron, i.time_zone as "timeZone", i.jitter_seconds as "jitterSeconds", i.mode,
  ${isoMs(sql`i.starts_at`)} as "startsAt", ${isoMs(sql`i.ends_at`)} as "endsAt", ${isoMs(sql`i.cursor`)} as cursor,
  i.is_run_requested as "isRunRequested", i.failures, i.created_by as "createdBy"`;
