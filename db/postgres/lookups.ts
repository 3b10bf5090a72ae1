/** Exports: short lists from Postgres that turn ids into names, sent to ClickHouse with the query as external tables. */
import { sql } from "drizzle-orm";
import { externalTable } from "../../core/query/external-table.ts";
import { lookupTable } from "../../core/query/tables/relations.ts";
import type { LookupName } from "../../core/query/tables/table.ts";
import { type Database, execute } from "./client.ts";

const rowsMax = 100_000;

const queries: Record<LookupName, (projectId: string) => ReturnType<typeof sql>> = {
  // Only members of the organization: a project may not see other people's names.
  users: (projectId) => sql`select u.id, coalesce(u.name, u.email) as name from users u
    join memberships m on m.user_id = u.id join projects p on p.org_id = m.org_id where p.id = ${projectId} order by u.id limit ${rowsMax}`,
  datasets: (projectId) => sql`select id, name from datasets where project_id = ${projectId} order by id limit ${rowsMax}`,
};

/** Loads the lookups that the SQL names, as external tables: `handed_users` for `users.name`. */
export const loadLookups = async (db: Database, projectId: string, uses: readonly string[]): Promise<Record<string, unknown>> => {
  const params: Record<string, unknown> = {};
  for (const name of Object.keys(queries) as LookupName[]) {
    if (!uses.includes(name)) continue;
    params[lookupTable(name)] = externalTable(
      "id String, name String",
      await execute<{ id: string; name: string }>(db, queries[name](projectId)),
    );
  }
  return params;
};
