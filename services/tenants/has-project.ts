/** Checks whether a project exists. */
import { eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { projects } from "../../db/postgres/schema/tenants.ts";

export const hasProject = async (db: Database, id: string): Promise<boolean> =>
  (await db.select({ id: projects.id }).from(projects).where(eq(projects.id, id))).length > 0;
