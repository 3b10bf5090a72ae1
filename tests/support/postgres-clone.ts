/** A migrated Postgres database of its own, cloned from the template of the set-up: runners of one test must not claim the jobs of another. */
import postgres from "postgres";
import { inject } from "vitest";

export type PostgresClone = { url: string; drop: () => Promise<void> };

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
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) };
};
