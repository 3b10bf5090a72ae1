/** Deletes what signing in leaves behind: ended sessions, old links and invitations. */
import { sql } from "drizzle-orm";
import { sessionIdleDaysMax } from "../../core/auth/session.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

const batchRows = 1000;

/**
 * Deletes up to 1,000 of each: sessions that have expired or were idle for too long, links a day after their end, which bounds how often an
 * address may ask, and invitations 30 days after theirs. Returns the largest number; call again while a batch was full.
 */
export const pruneSignIns = async (db: Database): Promise<number> => {
  const batch = sql`limit ${batchRows} for update skip locked`;
  const counts = [
    await execute(
      db,
      sql`delete from sessions where id in (select id from sessions where expires_at <= now() or last_seen_at <= now() - make_interval(days => ${sessionIdleDaysMax}) ${batch}) returning id`,
    ),
    await execute(
      db,
      sql`delete from sign_in_links where id in (select id from sign_in_links where expires_at < now() - interval '1 day' ${batch}) returning id`,
    ),
    await execute(
      db,
      sql`delete from invitations where id in (select id from invitations where expires_at < now() - interval '30 days' ${batch}) returning id`,
    ),
  ];
  return Math.max(...counts.map((rows) => rows.length));
};
