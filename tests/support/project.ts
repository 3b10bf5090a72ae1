/** Projects and jobs for tests of the queue, straight in Postgres. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { organizations, projects } from "../../db/postgres/schema/tenants.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { newId } from "./fixture.ts";

export const insertProject = async (db: Database): Promise<string> => {
  const organizationId = newId("organization");
  const projectId = newId("project");
  await db.insert(organizations).values({ id: organizationId, name: "queue" });
  await db.insert(projects).values({ id: projectId, organizationId, name: "queue" });
  return projectId;
};

export const insertJob = async (db: Database, projectId: string, maxAttempts = 3): Promise<string> => {
  const id = newId("job");
  await enqueueJob(db, { id, kind: "export.run", projectId, payload: { batchExportId: randomUUID() }, maxAttempts });
  return id;
};

export const jobState = async (db: Database, id: string): Promise<{ state: string; attempt: number }> => {
  const [row] = await execute<{ state: string; attempt: number }>(db, sql`select state, attempt from jobs where id = ${id}`);
  if (row === undefined) throw new Error(`no job ${id}`);
  return row;
};

/** Ends every lease, as time would. */
export const expireLeases = (db: Database): Promise<unknown> =>
  execute(db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running' and has_slot`);

/** Projects whose slot counter differs from their running jobs. */
export const wrongConcurrencyCounts = (db: Database): Promise<{ id: string }[]> =>
  execute(
    db,
    sql`select s.project_id as id from job_slots s
      where s.running <> (select count(*) from jobs j where j.project_id = s.project_id and j.state = 'running' and has_slot)`,
  );
