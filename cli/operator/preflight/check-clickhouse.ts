/** Preflight: ClickHouse. */
import { externalSet } from "../../../core/query/external-table.ts";
import { clickHouseFailure } from "../../../db/clickhouse/clickhouse-failure.ts";
import { type ClickHouse, type ClickHouseConfig, createClickHouse } from "../../../db/clickhouse/client.ts";
import { listPendingClickHouseMigrations } from "../../../db/clickhouse/migrate.ts";
import { type CheckResult, checkMsMax, clockResult, failed, failureResult, ok, runCheck, skipped, warning } from "./check-result.ts";

/** The version that the tests run against. */
const versionTested = 26;

export const checkClickHouse = async (config: ClickHouseConfig, nowMs: () => number): Promise<CheckResult[]> => {
  const open = (database: string) => createClickHouse({ ...config, database, timeoutSeconds: checkMsMax / 1000 }, fetch);
  // Every server has this database, so that a missing one of ours is told apart from a server that does not answer.
  const server = open("system");
  const ours = open(config.database);
  const reached = await runCheck("clickhouse: connection", async () => {
    try {
      await server.queryRows({ sql: "SELECT 1 AS one" });
      return ok("clickhouse: connection", "Connected.");
    } catch (error) {
      return connectionResult(error);
    }
  });
  if (reached.outcome !== "ok") return [reached];
  const before = [
    reached,
    await runCheck("clickhouse: version", () => checkVersion(server)),
    await runCheck("clickhouse: clock", () => checkClock(server, nowMs)),
  ];
  const database = await runCheck("clickhouse: database", () => checkDatabase(server, config.database));
  if (database.outcome !== "ok") return [...before, database];
  const migrations = await runCheck("clickhouse: migrations", () => checkMigrations(ours, config.database));
  return [
    ...before,
    database,
    await runCheck("clickhouse: settings", () => checkSettings(ours)),
    migrations,
    await runCheck("clickhouse: permissions", () => checkPermissions(ours, config.database, migrations.outcome === "failed")),
  ];
};

const connectionResult = (error: unknown): CheckResult => {
  const { code } = clickHouseFailure(error);
  if (code === "CLICKHOUSE_ACCESS_DENIED")
    return failed("clickhouse: connection", "User or password is refused.", "Correct CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.");
  if (code === "CLICKHOUSE_UNAVAILABLE")
    return failed(
      "clickhouse: connection",
      "The server does not answer as ClickHouse's HTTP interface does.",
      "Correct CLICKHOUSE_URL: scheme, host and the HTTP port (8123, 8443 with TLS), not the native one (9000).",
    );
  return failureResult("clickhouse: connection", error);
};

const checkVersion = async (clickhouse: ClickHouse): Promise<CheckResult> => {
  const [found] = await clickhouse.queryRows<{ version: string }>({ sql: "SELECT version() AS version" });
  const version = found?.version ?? "";
  return Number.parseInt(version, 10) >= versionTested
    ? ok("clickhouse: version", version)
    : warning(
        "clickhouse: version",
        `${version} is older than what this version is tested with.`,
        `Use ClickHouse ${versionTested} or later.`,
      );
};

const checkClock = async (clickhouse: ClickHouse, nowMs: () => number): Promise<CheckResult> => {
  const askedMs = nowMs();
  const [found] = await clickhouse.queryRows<{ ms: string }>({ sql: "SELECT toUnixTimestamp64Milli(now64(3)) AS ms" });
  return clockResult("clickhouse: clock", { theirsMs: Number(found?.ms), askedMs, answeredMs: nowMs() });
};

const checkDatabase = async (clickhouse: ClickHouse, name: string): Promise<CheckResult> => {
  const found = await clickhouse.queryRows({ sql: "SELECT 1 AS one FROM system.databases WHERE name = {name:String}", params: { name } });
  return found.length > 0
    ? ok("clickhouse: database", "It exists.")
    : failed(
        "clickhouse: database",
        "The database of CLICKHOUSE_DB does not exist, or the user may not see it.",
        "Run `npm run migrate`, or correct CLICKHOUSE_DB.",
      );
};

/** Every query sends the pinned settings; the second one also brings a table of its own. */
const checkSettings = async (clickhouse: ClickHouse): Promise<CheckResult> => {
  const help =
    "The server must be new enough to know them, and the user's profile must let its queries change settings (readonly = 0 or 2, no constraints) and create temporary tables.";
  try {
    await clickhouse.queryRows({ sql: "SELECT 1 AS one" });
    await clickhouse.queryRows({ sql: "SELECT count() AS n FROM ids", params: { ids: externalSet(["a"]) } });
  } catch (error) {
    const { code } = clickHouseFailure(error);
    if (code === "CLICKHOUSE_QUERY_REJECTED" || code === "CLICKHOUSE_ACCESS_DENIED")
      return failed("clickhouse: settings", "The server refuses the settings that exports send.", help);
    throw error;
  }
  return ok("clickhouse: settings", "The server accepts the settings that exports send.");
};

const checkMigrations = async (clickhouse: ClickHouse, database: string): Promise<CheckResult> => {
  const pending = await listPendingClickHouseMigrations(clickhouse, database);
  return pending.length === 0
    ? ok("clickhouse: migrations", "None is pending.")
    : failed("clickhouse: migrations", `Pending: ${pending.join(", ")}.`, "Run `npm run migrate`.");
};

/** Reading and writing rows, deleting them (ALTER DELETE and UPDATE cover lightweight deletes), and ending own queries. */
const runtimeGrants = ["SELECT", "INSERT", "ALTER UPDATE", "ALTER DELETE"];
const migrationGrants = ["CREATE TABLE", "CREATE VIEW", "ALTER TABLE"];

const checkPermissions = async (clickhouse: ClickHouse, database: string, isPending: boolean): Promise<CheckResult> => {
  const missing: string[] = [];
  for (const grant of isPending ? [...runtimeGrants, ...migrationGrants] : runtimeGrants) {
    const granted = await hasGrant(clickhouse, grant, database);
    if (granted === undefined) return skipped("clickhouse: permissions", "Not known: the server refuses CHECK GRANT.");
    if (!granted) missing.push(grant);
  }
  return missing.length === 0
    ? ok("clickhouse: permissions", `The user has ${runtimeGrants.join(", ")}.`)
    : failed(
        "clickhouse: permissions",
        `The user lacks ${missing.join(", ")} on the database.`,
        `GRANT ${missing.join(", ")} ON the database of CLICKHOUSE_DB TO the user.`,
      );
};

/**
 * CHECK GRANT answers 1 or 0, and takes no FORMAT. A read-only query has no right to write, so it is no such query. Undefined where the
 * server does not know the statement, as before 24.10.
 */
const hasGrant = async (clickhouse: ClickHouse, grant: string, database: string): Promise<boolean | undefined> => {
  const sql = `CHECK GRANT ${grant} ON \`${database.replaceAll("`", "\\`")}\`.*`;
  try {
    const { body } = await clickhouse.openBytes({ sql, contentEncoding: null, settings: { readonly: "0" } });
    return (await new Response(body).text()).trim() === "1";
  } catch (error) {
    if (clickHouseFailure(error).code === "CLICKHOUSE_QUERY_REJECTED") return undefined;
    throw error;
  }
};
