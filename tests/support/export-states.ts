/** Exports that have ended, written to the database as runner and API leave them. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

export const showFailed = (db: Database, id: string, message: string): Promise<unknown> =>
  execute(
    db,
    sql`update batch_exports set status = 'FAILED', started_at = now(), finished_at = now(), manifest = null, expires_at = null,
      error_code = 'CLICKHOUSE_UNAVAILABLE', log = ${message} where id = ${id}`,
  );
