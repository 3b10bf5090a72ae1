/** Postgres: stores the sessions that traces have named. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "./client.ts";

/** Inserts new sessions; existing ones stay unchanged. */
export const rememberSessions = async (
  db: Database,
  sessions: readonly { projectId: string; id: string; environment: string }[],
): Promise<void> => {
  if (sessions.length === 0) return;
  const ordered = sessions.toSorted((a, b) => (a.projectId + a.id < b.projectId + b.id ? -1 : 1));
  await execute(
    db,
    sql`insert into trace_sessions (id, project_id, environment)
      select r.id, r."projectId", r.environment from json_to_recordset(${JSON.stringify(ordered)}::json) as r(id text, "projectId" text, environment text)
      on conflict (project_id, md5(id)) do nothing`,
  );
};
