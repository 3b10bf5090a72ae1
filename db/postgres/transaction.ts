/** Runs statements in one transaction, typed like a plain database, so that functions accept either. */
import type { Database } from "./client.ts";

export const transaction = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction((tx) => work(tx as unknown as Database));
