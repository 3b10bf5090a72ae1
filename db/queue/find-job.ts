/** Queue: finds a job by its id. */
import { eq } from "drizzle-orm";
import type { Database } from "../postgres/client.ts";
import { jobs } from "../postgres/schema/queue.ts";

export const findJob = async (
  db: Database,
  id: string,
): Promise<Pick<typeof jobs.$inferSelect, "kind" | "projectId" | "state"> | undefined> => {
  const [job] = await db.select({ kind: jobs.kind, projectId: jobs.projectId, state: jobs.state }).from(jobs).where(eq(jobs.id, id));
  return job;
};
