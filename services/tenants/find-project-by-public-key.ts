/** Finds the project of a public key. */
import { sql } from "drizzle-orm";
import { effectiveScopes, type Role } from "../../core/auth/scopes.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Returns the project of a valid public key whose owner may write events. */
export const findProjectByPublicKey = async (db: Database, publicKey: string): Promise<string | undefined> => {
  const [row] = await execute<{ projectId: string; scopes: string[]; role: Role | null }>(
    db,
    sql`select k.project_id as "projectId", to_json(k.scopes) as scopes, m.role
      from api_keys k join projects p on p.id = k.project_id
      left join memberships m on m.org_id = p.org_id and m.user_id = k.user_id
      where k.public_key = ${publicKey} and (k.expires_at is null or k.expires_at > now())`,
  );
  return row !== undefined && effectiveScopes(row.scopes, row.role).includes("ingestion:write") ? row.projectId : undefined;
};
