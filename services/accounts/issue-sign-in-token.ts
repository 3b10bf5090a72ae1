/** Gives a sign-in link its token, when its mail is about to be sent. Only the hash is stored. */
import { sql } from "drizzle-orm";
import type { Role } from "../../core/auth/scopes.ts";
import { hashToken } from "../../core/auth/session.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

export type SignInMail = {
  email: string;
  name: string | null;
  /** ISO 8601 UTC. */
  expiresAt: string;
  /** What the mail to an invited person says; null for a user. */
  invitation: { organizationName: string; role: Role; inviterName: string | null } | null;
};

type Found = Pick<SignInMail, "email" | "name" | "expiresAt"> & {
  organizationName: string | null;
  role: Role | null;
  inviterName: string | null;
};

/**
 * Replaces the token that an earlier attempt may have mailed: the link of the newest mail works. Returns undefined if the link has expired, was
 * used, or its user or invitation is gone.
 */
export const issueSignInToken = async (db: Database, linkId: string, token: string): Promise<SignInMail | undefined> => {
  const [row] = await execute<Found>(
    db,
    sql`with issued as (
        update sign_in_links set token_hash = ${await hashToken(token)}
        where id = ${linkId} and used_at is null and expires_at > now() and (user_id is not null or invitation_id is not null)
        returning user_id, invitation_id, expires_at
      )
      select coalesce(u.email, i.email) as email, u.name, to_char(l.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "expiresAt",
        o.name as "organizationName", i.role, coalesce(b.name, b.email) as "inviterName"
      from issued l left join users u on u.id = l.user_id left join invitations i on i.id = l.invitation_id
      left join organizations o on o.id = i.org_id left join users b on b.id = i.invited_by`,
  );
  if (row === undefined) return undefined;
  const { organizationName, role, inviterName, ...mail } = row;
  return { ...mail, invitation: organizationName !== null && role !== null ? { organizationName, role, inviterName } : null };
};
