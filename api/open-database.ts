/** Postgres for one request of the Worker, over Neon's driver. Every wait has an end: a Postgres that accepts and never answers is one that is down. */
import { Pool, type PoolClient } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-serverless";
import { AppError } from "../core/errors.ts";
import { asDatabase, type Database, type OpenDatabase } from "../db/postgres/client.ts";
import { connectionFailure, postgresFailure } from "../db/postgres/failure.ts";

type DatabaseOptions = {
  databaseUrl: string;
  /** The longest a statement, a transaction or a connection may take. */
  timeoutMs: number;
  log: (line: Record<string, unknown>) => void;
};

/** The longest a request waits for its connections to close; the runtime drops what is left when the request is over. */
const closeMsMax = 1000;

export const openRequestDatabase = ({ databaseUrl, timeoutMs, log }: DatabaseOptions): OpenDatabase => {
  const pool = boundedPool(databaseUrl, timeoutMs);
  const logLost = (error: unknown) => log({ event: "postgres_connection_lost", detail: connectionFailure(error).detail });
  // A connection that dies says so to whoever listens, and to the whole isolate when nobody does; its statement fails by itself.
  pool.on("connect", (client: PoolClient) => client.on("error", logLost));
  pool.on("error", () => {
    // The listener above has said it.
  });
  const db = asDatabase(drizzle(pool));
  db.transaction = boundedTransaction(db, timeoutMs);
  return { db, close: () => within(pool.end(), closeMsMax).catch(logLost) };
};

/** The driver counts the time of a statement from its connection on, and waits for a socket to answer that it was closed: so the whole is bounded as well. */
const boundedPool = (connectionString: string, timeoutMs: number): Pool => {
  const pool = new Pool({
    connectionString,
    application_name: "spillway-api",
    max: 2,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  const query = pool.query.bind(pool) as (...given: unknown[]) => Promise<unknown>;
  return Object.assign(pool, { query: (...given: unknown[]) => within(query(...given), timeoutMs) });
};

/** What the work threw is what its caller gets, also when the connection is gone and rolling back fails as well. */
const boundedTransaction = (db: Database, timeoutMs: number): Database["transaction"] => {
  const transaction = db.transaction.bind(db);
  return async (work, config) => {
    let failed: { error: unknown } | undefined;
    const remembering: typeof work = async (tx) => {
      try {
        return await work(tx);
      } catch (error) {
        failed = { error };
        throw error;
      }
    };
    try {
      return await within(transaction(remembering, config), timeoutMs);
    } catch (error) {
      if (failed !== undefined) throw failed.error;
      // What is no error of a statement comes from connecting.
      throw postgresFailure(error) ?? (error instanceof AppError ? error : connectionFailure(error));
    }
  };
};

/** The promise's outcome, or DATABASE_UNAVAILABLE after the given time; then its outcome is nobody's any more. */
const within = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
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
