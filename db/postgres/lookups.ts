/** Short lists of Postgres that give ids their words in an export: handed to ClickHouse with the query. */
import { sql } from "drizzle-orm";
import { externalTable } from "../../core/query/external-table.ts";
import { lookupTable } from "../../core/query/tables/relations.ts";
import type { LookupName } from "../../core/query/tables/table.ts";
import { type Database, execute } from "./client.ts";

const rowsMax = 100_000;

const queries: Record<LookupName, (projectId: string) => ReturnType<typeof sql>> = {
  // Only members of the organisation: names of others are not the project's to see.
  users: (projectId) => sql`select u.id, coalesce(u.name, u.email) as name from users u
    join memberships m on m.user_id = u.id join projects p on p.org_id = m.org_id where p.id = ${projectId} order by u.id limit ${rowsMax}`,
  datasets: (projectId) => sql`select id, name from datasets where project_id = ${projectId} order by id limit ${rowsMax}`,
};

/** The lookups among the relations of a query, as external tables. */
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
