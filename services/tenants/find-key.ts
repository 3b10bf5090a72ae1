/** Finds an API key by its hash and records its use. */
import { sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import type { PlanName, QuotaOverrides } from "../../core/limits/plans.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

type KeyRecord = {
  id: string;
  projectId: string;
  organizationId: string;
  userId: string;
  publicKey: string;
  scopes: string[];
  isExpired: boolean;
  /** Role of the owner in the project's organisation; null if the owner has left it. */
  role: Role | null;
  isUseStale: boolean;
  /** Of the project; null: the default plan, no overrides. */
  plan: PlanName | null;
  quotaOverrides: QuotaOverrides | null;
};

/** Runs one query over two unique indexes, with the owner's present role. After a rotation, the former secret counts for a time. */
export const findKeyByHash = async (db: Database, hash: string): Promise<KeyRecord | undefined> => {
  const [row] = await execute<KeyRecord>(
    db,
    sql`select k.id, k.project_id as "projectId", p.org_id as "organizationId", k.user_id as "userId", k.public_key as "publicKey", k.scopes,
        coalesce(k.expires_at <= now(), false) as "isExpired", m.role, coalesce(k.last_used_at < now() - interval '1 minute', true) as "isUseStale",
        p.plan, p.quota_overrides as "quotaOverrides"
      from api_keys k join projects p on p.id = k.project_id
      left join memberships m on m.org_id = p.org_id and m.user_id = k.user_id
      where k.fast_hashed_secret_key = ${hash} or (k.previous_hashed_secret_key = ${hash} and k.previous_expires_at > now())`,
  );
  return row;
};

export const markKeyUsed = (db: Database, id: string): Promise<unknown> =>
  execute(db, sql`update api_keys set last_used_at = now() where id = ${id}`);
