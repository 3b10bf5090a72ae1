/** Exports in every state a list can show, written to the database as runner and API leave them. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

export type ProgressRow = { stage: "planning" | "streaming" | "finishing"; rows: number; rowsTotal: number | null; bytes: number };

/** Makes an export look as if it ran and had got this far. Nobody works on it. */
export const showRunning = (db: Database, id: string, progress: ProgressRow): Promise<unknown> =>
  execute(
    db,
    sql`update batch_exports set status = 'PROCESSING', started_at = coalesce(started_at, now()), finished_at = null, manifest = null,
      expires_at = null, progress = ${JSON.stringify({ ...progress, slices: 1, slicesTotal: 4 })}::jsonb where id = ${id}`,
  );

export const showFailed = (db: Database, id: string, message: string): Promise<unknown> =>
  execute(
    db,
    sql`update batch_exports set status = 'FAILED', started_at = now(), finished_at = now(), manifest = null, expires_at = null,
      error_code = 'CLICKHOUSE_UNAVAILABLE', log = ${message} where id = ${id}`,
  );
