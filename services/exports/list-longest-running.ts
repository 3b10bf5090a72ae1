/** Lists the exports of all projects that have run longest, for operators. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import { exportStages } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

const RunningExport = z.object({
  id: z.string(),
  projectId: z.string(),
  name: z.string(),
  startedAt: z.string(),
  runningSeconds: z.int(),
  attempt: z.int(),
  lastHeartbeatAt: z.string().nullable(),
  /** Null before it has said so, and where a runner of another version says something else. */
  stage: z.enum(exportStages).nullable().catch(null),
  rows: z.int(),
  rowsTotal: z.int().nullable(),
});
type RunningExport = z.infer<typeof RunningExport>;

const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** Longest first, by the start of the export. Reads batch_exports_active_idx. */
export const listLongestRunning = async (db: Database, rowsMax: number): Promise<RunningExport[]> =>
  z.array(RunningExport).parse(
    await execute(
      db,
      sql`select e.id, e.project_id as "projectId", e.name, ${iso("e.started_at")} as "startedAt",
          extract(epoch from now() - e.started_at)::int as "runningSeconds", coalesce(j.attempt, 0) as attempt, ${iso("j.heartbeat_at")} as "lastHeartbeatAt",
          e.progress ->> 'stage' as stage, coalesce((e.progress ->> 'rows')::double precision, 0) as rows, (e.progress ->> 'rowsTotal')::double precision as "rowsTotal"
        from batch_exports e left join jobs j on j.id = e.job_id
        where e.status = 'PROCESSING' and e.started_at is not null
        order by e.started_at, e.id limit ${rowsMax}`,
    ),
  );
