/** `npm run migrate`: repeated, in two places at once, and beside a version that is at work. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { applyPostgresMigrations } from "../../db/postgres/migrate.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";

const name = `test_${randomUUID().replaceAll("-", "")}`;
const admin = () => postgres(inject("postgresTemplate").url, { max: 1, onnotice: () => {} });
const urlOf = () => Object.assign(new URL(inject("postgresTemplate").url), { pathname: `/${name}` }).href;

beforeAll(async () => {
  const sql = admin();
  await sql.unsafe(`create database ${name}`);
  await sql.end();
});
afterAll(async () => {
  const sql = admin();
  await sql.unsafe(`drop database if exists ${name} with (force)`);
  await sql.end();
  await fetch(inject("clickhouseUrl"), { method: "POST", body: `DROP DATABASE IF EXISTS ${name} SYNC` });
});

const migrate = (...args: string[]): Promise<{ status: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(bunPath, [`${repositoryRoot}cli/operator/migrate.ts`, ...args], {
      env: { ...process.env, DATABASE_URL: urlOf(), CLICKHOUSE_URL: inject("clickhouseUrl"), CLICKHOUSE_DB: name },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("exit", (status) => resolve({ status, output }));
  });

/** The migrations, and after them one that needs the table of jobs for itself. */
const withOneMore = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-migrations-"));
  cpSync(join(repositoryRoot, "db/postgres/migrations"), folder, { recursive: true });
  const journalFile = join(folder, "meta/_journal.json");
  const journal = JSON.parse(readFileSync(journalFile, "utf8")) as { entries: { when: number }[] };
  const whenMax = Math.max(...journal.entries.map(({ when }) => when));
  const entry = { idx: journal.entries.length, version: "7", when: whenMax + 1, tag: "9999_later", breakpoints: true };
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries: [...journal.entries, entry] }));
  writeFileSync(join(folder, "9999_later.sql"), "alter table jobs add column later text");
  return folder;
};

describe("migrate", () => {
  it("says what is pending and changes nothing, with exit status 1", async () => {
    const { status, output } = await migrate("--check");
    expect([status, output]).toEqual([1, expect.stringContaining("Postgres: 0000_foundation pending")]);
    expect(output).toContain("ClickHouse: 0001-events pending");
    expect(await (await fetch(`${inject("clickhouseUrl")}/?query=EXISTS+DATABASE+${name}`)).text()).toBe("0\n");
  });

  it("applies everything once when it is started in two places at once", async () => {
    const runs = await Promise.all([migrate(), migrate()]);
    expect(runs.map(({ status }) => status)).toEqual([0, 0]);
    const applied = runs.map(({ output }) => output.match(/applied/g)?.length ?? 0);
    // One has waited for the other, and its lines say "nothing applied" for each engine.
    expect(runs.map(({ output }) => output).sort((a, b) => a.length - b.length)[0]).toBe(
      "Postgres: nothing applied\nClickHouse: nothing applied\n",
    );
    expect(Math.max(...applied)).toBeGreaterThan(10);
    expect(await migrate("--check")).toEqual({ status: 0, output: "Postgres: nothing pending\nClickHouse: nothing pending\n" });
  });

  it("gives way to the queries of the version at work: they are answered while it waits for a table", async () => {
    const sql = postgres(urlOf(), { max: 3, onnotice: () => {} });
    try {
      const held = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const holder = sql.begin(async (tx) => {
        await tx`select count(*) from jobs`;
        held.resolve();
        await release.promise;
      });
      await held.promise;
      const migrated = applyPostgresMigrations(urlOf(), withOneMore());
      for (let waiting = 0; waiting === 0; ) {
        const [row] = await sql<{ n: number }[]>`select count(*)::int as n from pg_locks where not granted and relation = 'jobs'::regclass`;
        waiting = row?.n ?? 0;
      }
      // Would wait as long as the holder holds, if the migration did not give way.
      await sql`select count(*) from jobs`;
      release.resolve();
      await holder;
      await migrated;
      expect(
        await sql`select column_name from information_schema.columns where table_name = 'jobs' and column_name = 'later'`,
      ).toHaveLength(1);
    } finally {
      await sql.end();
    }
  });

  it("refuses what it does not know", async () => {
    expect((await migrate("--dry-run")).status).toBe(64);
  });
});
