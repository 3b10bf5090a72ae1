/** Sums up the windows of an integration for a strip of limited length. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Consecutive windows. `hasGap`: time between them, or before the first of them and after the window before it, that no window covers. */
export type CoverageCell = {
  from: Date;
  to: Date;
  windows: number;
  pending: number;
  queued: number;
  running: number;
  completed: number;
  failed: number;
  rows: number;
  rejected: number;
  hasGap: boolean;
};

type CellRow = Omit<CoverageCell, "from" | "to"> & { fromMs: number; toMs: number };

/** Returns at most `cellsMax` cells, oldest first. Each holds one window, or equally many where there are more windows than cells. */
export const findCoverage = async (
  db: Database,
  integrationId: string,
  { from, to, cellsMax }: { from: string | null; to: string | null; cellsMax: number },
): Promise<CoverageCell[]> => {
  // Reads every window of the range by integration_runs_window_key: some milliseconds for 20,000.
  const rows = await execute<CellRow>(
    db,
    sql`with numbered as (
        select window_start, window_end, state, rows, rejected,
          row_number() over (order by window_start, window_end) - 1 as at,
          count(*) over () as total,
          max(window_end) over (order by window_start, window_end rows between unbounded preceding and 1 preceding) < window_start as is_apart
        from integration_runs
        where integration_id = ${integrationId}
          and (${from}::timestamptz is null or window_end > ${from}::timestamptz)
          and (${to}::timestamptz is null or window_start < ${to}::timestamptz)
      )
      select extract(epoch from min(window_start))::double precision * 1000 as "fromMs",
        extract(epoch from max(window_end))::double precision * 1000 as "toMs", count(*)::int as windows,
        ${countOf("pending")}, ${countOf("queued")}, ${countOf("running")}, ${countOf("completed")}, ${countOf("failed")},
        sum(rows)::double precision as rows, sum(rejected)::double precision as rejected, coalesce(bool_or(is_apart), false) as "hasGap"
      from numbered group by at / ((total + ${cellsMax}::int - 1) / ${cellsMax}::int) order by min(window_start)`,
  );
  return rows.map(({ fromMs, toMs, ...same }) => ({ ...same, from: new Date(fromMs), to: new Date(toMs) }));
};

const countOf = (state: string) => sql`count(*) filter (where state = ${state})::int as ${sql.identifier(state)}`;
