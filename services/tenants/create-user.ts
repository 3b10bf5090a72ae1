/** Creates a user, or finds the one with the email address. */
import { sql } from "drizzle-orm";
import { users } from "../../db/postgres/schema/tenants.ts";
import { audited, type TenantDeps } from "./audited-insert.ts";

export const createUser = (deps: TenantDeps, { email, name }: { email: string; name?: string | undefined }) =>
  audited(deps, "user", {}, (tx) =>
    tx
      .insert(users)
      .values({ id: deps.newId("user"), email, name: name ?? null })
      .onConflictDoUpdate({ target: users.email, set: { updatedAt: sql`now()` } })
      .returning(),
  );
