/** A migrated Postgres database of its own, cloned from the template of the set-up: runners of one test must not claim the jobs of another. */
import postgres from "postgres";
import { inject } from "vitest";

/** `url` leads through PgBouncer where the run asks for it; `directUrl` never does. */
export type PostgresClone = { url: string; directUrl: string; drop: () => Promise<void> };

export const clonePostgres = async (name: string): Promise<PostgresClone> => {
  const { url: adminUrl, name: template } = inject("postgresTemplate");
  const run = async (statement: string) => {
    const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  // Another file may be cloning the template right now: SQLSTATE 55006. The limit of the hook ends this.
  for (;;) {
    try {
      await run(`create database ${name} template ${template}`);
      break;
    } catch (error) {
      if (!(error instanceof postgres.PostgresError) || error.code !== "55006") throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const directUrl = url.href;
  const pooler = inject("pgbouncer");
  if (pooler !== null) {
    url.port = pooler.port;
    url.searchParams.set("pgbouncer", "true");
  }
  return { url: url.href, directUrl, drop: () => run(`drop database if exists ${name} with (force)`) };
};
