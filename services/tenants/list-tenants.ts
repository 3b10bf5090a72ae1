/** Lists organisations, projects, users, memberships and keys, for administrators. */
import { desc } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, memberships, organizations, projects, users } from "../../db/postgres/schema/tenants.ts";
import { apiKeyColumns } from "./api-key-columns.ts";

const listRowsMax = 1000;

/** Lists everything, newest first, up to 1,000 rows, without key hashes. */
export const listTenants = {
  organizations: (db: Database) => db.select().from(organizations).orderBy(desc(organizations.createdAt)).limit(listRowsMax),
  projects: (db: Database) => db.select().from(projects).orderBy(desc(projects.createdAt)).limit(listRowsMax),
  users: (db: Database) => db.select().from(users).orderBy(desc(users.createdAt)).limit(listRowsMax),
  memberships: (db: Database) => db.select().from(memberships).orderBy(desc(memberships.createdAt)).limit(listRowsMax),
  apiKeys: (db: Database) => db.select(apiKeyColumns).from(apiKeys).orderBy(desc(apiKeys.createdAt)).limit(listRowsMax),
};
