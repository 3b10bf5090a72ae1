/** Postgres for long-lived processes: the runner, commands and tests. The Worker opens a connection per request (api/worker.ts). */

import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { parsePooledUrl } from "./pooled-url.ts";

/** A connection of any of our drivers, or a transaction of one. */
export type Database = PgDatabase<PgQueryResultHKT>;

/** drizzle names the driver's own result in the type of a connection. Nothing of ours reads it but `execute`, which knows both shapes. */
export const asDatabase = <Result extends PgQueryResultHKT>(connection: PgDatabase<Result>): Database => connection as unknown as Database;

export type OpenDatabase = { db: Database; close: () => Promise<void> };

/** A session may not run a statement for longer, nor keep a transaction open without one. */
const sessionLimits = { statement_timeout: 10_000, idle_in_transaction_session_timeout: 10_000 };

/**
 * Uses no session state and no prepared statements, so that it works behind a transaction pooler. Connects on first use. A pooler refuses
 * connections that bring limits of a session, so behind one they are those of the role.
 */
export const openPostgres = (databaseUrl: string, { connectionsMax = 10, applicationName = "spillway" } = {}): OpenDatabase => {
  const { url, isPooled } = parsePooledUrl(databaseUrl);
  const sql = postgres(url, {
    max: connectionsMax,
    prepare: false,
    // The driver itself sends the query for array types: if its connection ends meanwhile, nobody can catch the failure, and the process
    // would exit.
    fetch_types: false,
    connect_timeout: 10,
    idle_timeout: 30,
    onnotice: () => {},
    connection: { application_name: applicationName, ...(isPooled ? {} : sessionLimits) },
  });
  if (isPooled) withoutPipelining(sql);
  return { db: asDatabase(drizzle(sql)), close: () => sql.end({ timeout: 5 }) };
};

/**
 * Gives a connection its next statement only when the one before is answered. The driver asks for the types of parameters with Flush, not
 * Sync. PgBouncer (1.18) takes the server from a client when a statement ends, whatever the client has sent behind it: such an answer found
 * nobody, and the statement waited for good ("got packet '1' from server when not linked"). The driver's `max_pipeline` cannot be less than
 * two statements; what it calls when it has sent one says whether it may send another.
 */
const withoutPipelining = (sql: postgres.Sql): void => {
  const { unsafe } = sql;
  const alone = { onexecute: () => false };
  sql.unsafe = ((text: string, parameters: never[] = [], options: object = {}) =>
    unsafe(text, parameters, { ...alone, ...options } as postgres.UnsafeQueryOptions)) as typeof unsafe;
};

/**
 * Returns the rows of a raw statement: postgres.js returns an array, the Neon driver an object with `rows`. The caller names the row type
 * its SQL returns.
 */
export const execute = async <Row>(db: Database, statement: SQL): Promise<Row[]> => {
  const result: unknown = await db.execute(statement);
  if (Array.isArray(result)) return result as Row[];
  return (result as { rows: Row[] }).rows;
};
