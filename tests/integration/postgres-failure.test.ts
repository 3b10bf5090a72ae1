import { randomBytes } from "node:crypto";
import { neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openRequestDatabase } from "../../api/open-database.ts";
import { AppError } from "../../core/errors.ts";
import { type Database, execute, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { postgresFailure } from "../../db/postgres/failure.ts";
import { users } from "../../db/postgres/schema/tenants.ts";
import { freePort } from "../../local/free-port.ts";
import { startNeonRelay } from "../../local/neon-relay.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

const secret = "secret-parameter";

/** What postgresFailure makes of the failure of this work. */
const failureOf = async (work: () => Promise<unknown>): Promise<AppError | undefined> => {
  try {
    await work();
  } catch (error) {
    return postgresFailure(error);
  }
  throw new Error("it did not fail");
};

const refused: [string, (db: Database) => Promise<unknown>, string][] = [
  ["NUL", (db) => execute(db, sql`select ${`${secret}\u0000`}::text`), "INVALID_REQUEST"],
  ["a time that is none", (db) => execute(db, sql`select ${`0000-01-01T00:00:00Z ${secret}`}::timestamptz`), "INVALID_REQUEST"],
  [
    "a row too large for its index",
    (db) => db.insert(users).values({ id: secret, email: `${secret}${randomBytes(20_000).toString("hex")}` }),
    "INVALID_REQUEST",
  ],
  ["a row that is there already", (db) => db.insert(users).values([1, 2].map((n) => ({ id: `${n}`, email: secret }))), "INTERNAL"],
  ["a table that is not there", (db) => execute(db, sql`select ${secret} from nothing`), "INTERNAL"],
  [
    "a statement that is cancelled",
    (db) => execute(db, sql`select ${secret}, pg_cancel_backend(pg_backend_pid()), pg_sleep(30)`),
    "DATABASE_UNAVAILABLE",
  ],
  [
    "a connection that is ended",
    (db) => execute(db, sql`select ${secret}, pg_terminate_backend(pg_backend_pid()), pg_sleep(30)`),
    "DATABASE_UNAVAILABLE",
  ],
];

describe("a failure of Postgres", () => {
  it.each(refused)("%s: has its code, and no parameter in message or detail", async (_name, work, code) => {
    const failure = await failureOf(() => work(fixture.db));
    expect([failure?.code, failure?.detail]).toEqual([code, expect.any(String)]);
    expect(`${failure?.message} ${failure?.detail}`).not.toContain(secret);
  });

  it("no server: DATABASE_UNAVAILABLE", async () => {
    const url = new URL(inject("postgresUrl"));
    url.port = String(await freePort());
    const open: OpenDatabase = openPostgres(url.href);
    const failure = await failureOf(() => execute(open.db, sql`select ${secret}`));
    expect(failure?.code).toBe("DATABASE_UNAVAILABLE");
    expect(`${failure?.message} ${failure?.detail}`).not.toContain(secret);
    await open.close();
  });

  it.each([
    [
      "a transaction that does not come to its end",
      (db: Database) => db.transaction(() => new Promise(() => {})),
      "DATABASE_UNAVAILABLE",
      500,
    ],
    [
      "what the work of a transaction threw, also when it cannot be rolled back",
      (db: Database) =>
        db.transaction(async (tx) => {
          await expect(tx.execute(sql`select pg_terminate_backend(pg_backend_pid()), pg_sleep(30)`)).rejects.toThrow();
          throw new AppError({ code: "NOT_FOUND" });
        }),
      "NOT_FOUND",
      20_000,
    ],
  ] as const)("%s: for a request of the Worker", async (_name, work, code, timeoutMs) => {
    const relay = startNeonRelay(inject("postgresUrl"));
    neonConfig.wsProxy = () => relay.address;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineTLS = false;
    neonConfig.pipelineConnect = false;
    const open = openRequestDatabase({ databaseUrl: inject("postgresUrl"), timeoutMs, log: () => {} });
    try {
      await expect(work(open.db)).rejects.toMatchObject({ code });
    } finally {
      await open.close();
      await relay.stop();
    }
  });

  it("everything else is left to others", () => {
    expect(postgresFailure(new Error("x"))).toBeUndefined();
    expect(postgresFailure(Object.assign(new Error("x"), { code: "EPIPE" }))).toBeUndefined();
    expect(postgresFailure(new AppError({ code: "NOT_FOUND" }))).toBeUndefined();
    expect(postgresFailure(undefined)).toBeUndefined();
  });
});
