/** Locks a project, so that names and numbers of what it owns are checked one change after the other. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

export const lockProject = (tx: Database, projectId: string): Promise<unknown> =>
  execute(tx, sql`select id from projects where id = ${projectId} for no key update`);
