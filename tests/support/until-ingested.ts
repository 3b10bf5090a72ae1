/** Waits until the runner has nothing left to do of what was taken in, and fails when something became a dead letter. */
import { sql } from "drizzle-orm";
import { expect } from "vitest";
import { type Database, execute } from "../../db/postgres/client.ts";
import { waitSeconds } from "./wait-seconds.ts";

export const untilIngested = async (db: Database): Promise<void> => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const [row] = await execute<{ open: number; dead: number }>(
      db,
      sql`select count(*) filter (where finished_at is null)::int as open, count(*) filter (where state = 'discarded')::int as dead
        from jobs where kind in ('ingestion.merge', 'ingestion.otel', 'data.delete')`,
    );
    if (row?.open === 0) return expect(row.dead).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  throw new Error(`jobs are left after ${waitSeconds} s`);
};
