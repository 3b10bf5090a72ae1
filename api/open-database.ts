/**
 * Opens Postgres for one request of the Worker, with Neon's driver. Every wait has a time limit, because a hanging Postgres counts as
 * unavailable.
 */
import { Pool, type PoolClient } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-serverless";
import { AppError } from "../core/errors.ts";
import { asDatabase, type Database, type OpenDatabase } from "../db/postgres/client.ts";
import { connectionFailure, postgresFailure } from "../db/postgres/failure.ts";

type DatabaseOptions = {
  databaseUrl: string;
  /** Longest time for a statement, a transaction or a connection. */
  timeoutMs: number;
  log: (line: Record<string, unknown>) => void;
};

/** Longest wait for connections to close. The runtime drops the rest when the request ends. */
const closeMsMax = 1000;

export const openRequestDatabase = ({ databaseUrl, timeoutMs, log }: DatabaseOptions): OpenDatabase => {
  const pool = boundedPool(databaseUrl, timeoutMs);
  const logLost = (error: unknown) => log({ event: "postgres_connection_lost", detail: connectionFailure(error).detail });
  // A lost connection emits an error event, which stops the isolate if nothing listens. Its running statement fails by itself.
  pool.on("connect", (client: PoolClient) => client.on("error", logLost));
  pool.on("error", () => {
    // The listener on the client has logged it.
  });
  const db = asDatabase(drizzle(pool));
  db.transaction = boundedTransaction(db, timeoutMs);
  return { db, close: () => withTimeout(pool.end(), closeMsMax).catch(logLost) };
};

/**
 * Limits the whole call as well: the driver starts its own statement timer only after connecting, and waits for the socket to confirm
 * closing.
 */
const boundedPool = (connectionString: string, timeoutMs: number): Pool => {
  const pool = new Pool({
    connectionString,
    application_name: "spillway-api",
    max: 2,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  const query = pool.query.bind(pool) as (...given: unknown[]) => Promise<unknown>;
  return Object.assign(pool, { query: (...given: unknown[]) => withTimeout(query(...given), timeoutMs) });
};

/** Rejects with the error of the work itself, even if the connection is lost and the rollback fails too. */
const boundedTransaction = (db: Database, timeoutMs: number): Database["transaction"] => {
  const transaction = db.transaction.bind(db);
  return async (work, config) => {
    let failed: { error: unknown } | undefined;
    const recordingWork: typeof work = async (tx) => {
      try {
        return await work(tx);
      } catch (error) {
        failed = { error };
        throw error;
      }
    };
    try {
      return await withTimeout(transaction(recordingWork, config), timeoutMs);
    } catch (error) {
      if (failed !== undefined) throw failed.error;
      // An error that is neither an AppError nor from a statement comes from connecting.
      throw postgresFailure(error) ?? (error instanceof AppError ? error : connectionFailure(error));
    }
  };
};

/** Resolves or rejects as the promise does, or rejects with DATABASE_UNAVAILABLE after the timeout. A later outcome is ignored. */
const withTimeout = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError({ code: "DATABASE_UNAVAILABLE", detail: `Postgres did not answer within ${timeoutMs} ms` })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
};
