/** Preflight: Postgres. */
import { sql } from "drizzle-orm";
import { type Database, execute, openPostgres } from "../../../db/postgres/client.ts";
import { listPendingMigrations } from "../../../db/postgres/pending-migrations.ts";
import { type CheckResult, clockResult, failed, failureResult, ok, runCheck, skipped, warning } from "./check-result.ts";

/** What the statements of the queue and the migrations need. */
const versionMin = 14;

export const checkPostgres = async (databaseUrl: string, nowMs: () => number): Promise<CheckResult[]> => {
  const open = openPostgres(databaseUrl, { connectionsMax: 1, applicationName: "spillway-preflight" });
  try {
    const reached = await runCheck("postgres: connection", async () => {
      try {
        await execute(open.db, sql`select 1`);
        return ok("postgres: connection", "Connected.");
      } catch (error) {
        return connectionResult(error);
      }
    });
    if (reached.outcome !== "ok") return [reached];
    const migrations = await checkMigrations(open.db);
    return [
      reached,
      await runCheck("postgres: version", () => checkVersion(open.db)),
      await runCheck("postgres: clock", () => checkClock(open.db, nowMs)),
      ...migrations.results,
      await runCheck("postgres: permissions", () => checkPermissions(open.db, migrations.pending)),
    ];
  } finally {
    await open.close();
  }
};

/** By SQLSTATE, or the code of the operating system or driver. */
const connectionHelp: Record<string, [string, string]> = {
  "28P01": ["The password is refused.", "Correct user and password in DATABASE_URL."],
  "28000": ["The role may not log in.", "Correct the user in DATABASE_URL, and pg_hba.conf."],
  "3D000": ["The database does not exist.", "Create it, or correct the name in DATABASE_URL."],
  "42501": ["The role may not connect to this database.", "GRANT CONNECT ON DATABASE … TO the role."],
  "53300": ["The server has no connection left.", "Raise max_connections, or put a pooler in between."],
  "57P03": ["The server is starting or shutting down.", "Try again."],
  ECONNREFUSED: ["Nothing listens at this address.", "Start Postgres, or correct host and port in DATABASE_URL."],
  ENOTFOUND: ["The host name does not resolve.", "Correct the host in DATABASE_URL."],
  CONNECT_TIMEOUT: ["The server does not answer.", "Check host, port and firewall."],
};

const connectionResult = (error: unknown): CheckResult => {
  for (let at = error; at instanceof Error; at = at.cause) {
    const [message, help] = ("code" in at && connectionHelp[String(at.code)]) || [];
    if (message !== undefined && help !== undefined) return failed("postgres: connection", message, help);
  }
  return failureResult("postgres: connection", error);
};

const checkVersion = async (db: Database): Promise<CheckResult> => {
  const [found] = await execute<{ number: number; text: string; isReadOnly: boolean }>(
    db,
    sql`select current_setting('server_version_num')::int as number, current_setting('server_version') as text,
      pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as "isReadOnly"`,
  );
  const { number = 0, text = "", isReadOnly = false } = found ?? {};
  if (number < versionMin * 10_000) return failed("postgres: version", `${text} is too old.`, `Use Postgres ${versionMin} or later.`);
  if (isReadOnly) return failed("postgres: version", `${text}, but it only allows reading.`, "DATABASE_URL must lead to the primary.");
  return ok("postgres: version", text);
};

const checkClock = async (db: Database, nowMs: () => number): Promise<CheckResult> => {
  const askedMs = nowMs();
  const [found] = await execute<{ ms: string }>(db, sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as ms`);
  return clockResult("postgres: clock", { theirsMs: Number(found?.ms), askedMs, answeredMs: nowMs() });
};

const checkMigrations = async (db: Database): Promise<{ results: CheckResult[]; pending: boolean | null }> => {
  let pending: string[] | undefined;
  const result = await runCheck("postgres: migrations", async () => {
    pending = await listPendingMigrations(db);
    return pending.length === 0
      ? ok("postgres: migrations", "None is pending.")
      : failed("postgres: migrations", `Pending: ${pending.join(", ")}.`, "Run `npm run migrate`.");
  });
  return { results: [result], pending: pending === undefined ? null : pending.length > 0 };
};

/**
 * The role that runs the service reads and writes every table. Creating is asked for only while migrations are pending, because another
 * role may apply them.
 */
const checkPermissions = async (db: Database, isPending: boolean | null): Promise<CheckResult> => {
  const [schema] = await execute<{ mayUse: boolean; mayCreate: boolean; role: string }>(
    db,
    sql`select has_schema_privilege('public', 'usage') as "mayUse", current_user as role,
      has_schema_privilege('public', 'create') and has_database_privilege(current_database(), 'create') as "mayCreate"`,
  );
  if (schema?.mayUse !== true)
    return failed("postgres: permissions", "The role may not use the schema public.", "GRANT USAGE ON SCHEMA public TO the role.");
  const refused = await execute<{ name: string }>(
    db,
    sql`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind = 'r' and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
        and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete')) order by 1`,
  );
  if (refused.length > 0)
    return failed(
      "postgres: permissions",
      `The role may not read and write ${refused.map(({ name }) => name).join(", ")}.`,
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO the role.",
    );
  if (isPending === null) return skipped("postgres: permissions", "Not known: the migrations could not be read.");
  if (isPending && schema.mayCreate !== true)
    return warning(
      "postgres: permissions",
      "The role may not create tables, and migrations are pending.",
      "Run `npm run migrate` with DIRECT_URL of a role that may, or GRANT CREATE ON the database and on SCHEMA public.",
    );
  return ok("postgres: permissions", "Every table can be read and written.");
};
