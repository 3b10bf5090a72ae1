/** A migrated Postgres database of its own: what is claimed there are not the jobs of other tests. */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";

export const openOwnDatabase = async (connectionsMax: number): Promise<OpenDatabase> => {
  const url = new URL(inject("postgresUrl"));
  const name = `own_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(url.href, { max: 1 });
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  url.pathname = `/${name}`;
  await migratePostgres(url.href);
  return openPostgres(url.href, { connectionsMax });
};
