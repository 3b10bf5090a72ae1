/** Lists the sessions of a person that have not ended, newest first. */
import { and, desc, eq, sql } from "drizzle-orm";
import { type SessionMethod, sessionIdleDaysMax } from "../../core/auth/session.ts";
import type { Database } from "../../db/postgres/client.ts";
import { sessions } from "../../db/postgres/schema/accounts.ts";

export type SessionRow = {
  id: string;
  method: SessionMethod;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
};

const sessionsMax = 200;

export const listSessions = (db: Database, userId: string): Promise<SessionRow[]> =>
  db
    .select({
      id: sessions.id,
      method: sessions.method,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      expiresAt: sessions.expiresAt,
      ipAddress: sessions.ipAddress,
      userAgent: sessions.userAgent,
    })
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        sql`${sessions.expiresAt} > now() and ${sessions.lastSeenAt} > now() - make_interval(days => ${sessionIdleDaysMax})`,
      ),
    )
    .orderBy(desc(sessions.createdAt), desc(sessions.id))
    .limit(sessionsMax);
