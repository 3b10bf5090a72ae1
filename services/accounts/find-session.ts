/** Finds the session of a cookie, with what the person may do in one project at this moment. */
import { sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { sessionIdleDaysMax } from "../../core/auth/session.ts";
import type { PlanName, QuotaOverrides } from "../../core/limits/plans.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

export type SessionRecord = {
  id: string;
  userId: string;
  email: string;
  name: string | null;
  /** ISO 8601 UTC. */
  expiresAt: string;
  isUseStale: boolean;
  /** Null unless the person is a member of the project's organisation. */
  member: { projectId: string; organizationId: string; role: Role; plan: PlanName | null; quotaOverrides: QuotaOverrides | null } | null;
};

type Found = Omit<SessionRecord, "member"> & {
  projectId: string | null;
  organizationId: string | null;
  role: Role | null;
  plan: PlanName | null;
  quotaOverrides: QuotaOverrides | null;
};

/**
 * Runs one query over unique indexes. Returns undefined for a session that has expired, was idle for too long, or is gone. `projectId`: null
 * for what belongs to no project.
 */
export const findSession = async (db: Database, tokenHash: string, projectId: string | null): Promise<SessionRecord | undefined> => {
  const [row] = await execute<Found>(
    db,
    sql`select s.id, s.user_id as "userId", u.email, u.name, to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "expiresAt",
        s.last_seen_at < now() - interval '1 minute' as "isUseStale",
        p.id as "projectId", p.org_id as "organizationId", m.role, p.plan, p.quota_overrides as "quotaOverrides"
      from sessions s join users u on u.id = s.user_id
      left join projects p on p.id = ${projectId}
      left join memberships m on m.org_id = p.org_id and m.user_id = s.user_id
      where s.token_hash = ${tokenHash} and s.expires_at > now() and s.last_seen_at > now() - make_interval(days => ${sessionIdleDaysMax})`,
  );
  if (row === undefined) return undefined;
  const { projectId: found, organizationId, role, plan, quotaOverrides, ...session } = row;
  const isMember = found !== null && organizationId !== null && role !== null;
  return { ...session, member: isMember ? { projectId: found, organizationId, role, plan, quotaOverrides } : null };
};

export const markSessionUsed = (db: Database, id: string): Promise<unknown> =>
  execute(db, sql`update sessions set last_seen_at = now() where id = ${id}`);
