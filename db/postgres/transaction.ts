/** Runs statements in one transaction, which the same functions can write that need none. */
import type { Database } from "./client.ts";

export const transaction = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction((tx) => work(tx as unknown as Database));
