/**
 * `npm run migrate [-- --check]`: brings Postgres and ClickHouse to this version. May be repeated, run in several places at once, and run
 * while the version before is working. Exit status 0: nothing is pending, 1: failed, or something is pending with --check, 64: misuse,
 * 78: bad configuration.
 */
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { listPendingClickHouseMigrations } from "../../db/clickhouse/migrate.ts";
import { migrateEngines } from "../../db/migrate-engines.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { listPendingMigrations } from "../../db/postgres/pending-migrations.ts";
import { MigrateEnv } from "./migrate-env.ts";

const usage = `Usage:
  npm run migrate              applies what is pending
  npm run migrate -- --check   only says what is pending
Reads DATABASE_URL, or DIRECT_URL instead of it, CLICKHOUSE_URL, _USER, _PASSWORD, _DB, _CLUSTER and _SHARDED.`;

type Migrations = { postgres: string[]; clickhouse: string[] };

const findPending = async (env: MigrateEnv): Promise<Migrations> => {
  const postgres = openPostgres(env.DIRECT_URL ?? env.DATABASE_URL, { connectionsMax: 1, applicationName: "spillway-migrate" });
  const { CLICKHOUSE_DB: database } = env;
  const config = { url: env.CLICKHOUSE_URL, user: env.CLICKHOUSE_USER, password: env.CLICKHOUSE_PASSWORD, timeoutSeconds: 30 };
  try {
    return {
      postgres: await listPendingMigrations(postgres.db),
      // The database itself may not be there yet.
      clickhouse: await listPendingClickHouseMigrations(createClickHouse({ ...config, database: "system" }, fetch), database),
    };
  } finally {
    await postgres.close();
  }
};

const apply = (env: MigrateEnv): Promise<Migrations> =>
  migrateEngines({
    databaseUrl: env.DIRECT_URL ?? env.DATABASE_URL,
    clickhouse: {
      url: env.CLICKHOUSE_URL,
      user: env.CLICKHOUSE_USER,
      password: env.CLICKHOUSE_PASSWORD,
      database: env.CLICKHOUSE_DB,
      cluster: env.CLICKHOUSE_CLUSTER ?? null,
      sharded: env.CLICKHOUSE_SHARDED,
    },
  });

const print = (verb: string, { postgres, clickhouse }: Migrations): void => {
  for (const [engine, names] of [["Postgres", postgres] as const, ["ClickHouse", clickhouse] as const])
    console.log(names.length === 0 ? `${engine}: nothing ${verb}` : names.map((name) => `${engine}: ${name} ${verb}`).join("\n"));
};

const run = async (args: readonly string[]): Promise<number> => {
  const isCheck = args[0] === "--check";
  if (args.length > (isCheck ? 1 : 0)) {
    console.error(usage);
    return 64;
  }
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const parsed = MigrateEnv.safeParse(given);
  if (!parsed.success) {
    for (const { path } of parsed.error.issues) console.error(`${path.join(".")}: missing or not of the right form`);
    return 78;
  }
  try {
    if (!isCheck) {
      print("applied", await apply(parsed.data));
      return 0;
    }
    const pending = await findPending(parsed.data);
    print("pending", pending);
    return pending.postgres.length + pending.clickhouse.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`The migrations failed: ${describeFailure(error)}`);
    return 1;
  }
};

process.exit(await run(process.argv.slice(2)));
