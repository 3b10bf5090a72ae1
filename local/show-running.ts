/** Exports that seem to run, for tests and benchmarks of what follows them. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../db/postgres/client.ts";

export type ProgressRow = { stage: "planning" | "streaming" | "finishing"; rows: number; rowsTotal: number | null; bytes: number };

/** Makes an export look as if it ran and had got this far. Nobody works on it. */
export const showRunning = (db: Database, id: string, progress: ProgressRow): Promise<unknown> =>
  execute(
    db,
    sql`update batch_exports set status = 'PROCESSING', started_at = coalesce(started_at, now()), finished_at = null, manifest = null,
      expires_at = null, progress = ${JSON.stringify({ ...progress, slices: 1, slicesTotal: 4 })}::jsonb where id = ${id}`,
  );
