/** Postgres: one migration at a time, wherever it is started. */
import postgres from "postgres";
import { parsePooledUrl } from "./pooled-url.ts";

/** An arbitrary constant; all runs, of all versions, must use the same. */
const lockKey = 727_001;

/**
 * Holds an advisory lock while the work runs; another run waits for it. The lock belongs to a transaction on a connection of its own, not
 * to a session, so that it also holds behind a transaction pooler. The end of the connection, too, releases it.
 */
export const withMigrationLock = async <R>(databaseUrl: string, work: () => Promise<R>): Promise<R> => {
  const sql = postgres(parsePooledUrl(databaseUrl).url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
  try {
    return (
      await sql.begin(async (tx) => {
        await tx`set local idle_in_transaction_session_timeout = 0`;
        await tx`select pg_advisory_xact_lock(${lockKey})`;
        return { done: await work() };
      })
    ).done as R;
  } finally {
    await sql.end({ timeout: 5 });
  }
};
