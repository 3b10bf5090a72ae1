/** `npm run preflight`: each thing that can be wrong is found by its own check, against real engines, and no secret is printed. */
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../cli/operator/preflight/check-result.ts";
import { type Part, runChecks } from "../../cli/operator/preflight/run-checks.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { execute } from "../../db/postgres/client.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { type MailBox, startMailBox } from "../support/mail-box.ts";

let fixture: Fixture;
let mail: MailBox;
let good: Record<string, string>;
const role = `reader_${randomUUID().slice(0, 8)}`;
const key = randomBytes(32).toString("hex");

beforeAll(async () => {
  // Never behind a pooler, which has passwords and databases of its own.
  [fixture, mail] = await Promise.all([createFixture({ pooled: (url) => url }), startMailBox()]);
  good = {
    ...fixture.runnerEnv(),
    LANGFUSE_S3_EVENT_UPLOAD_BUCKET: "",
    SMTP_CONNECTION_URL: mail.url,
    EMAIL_FROM_ADDRESS: "exports@example.com",
    ENCRYPTION_KEY: key,
    SALT: "a-salt-that-nobody-guesses",
    ADMIN_API_KEY: "an-admin-key-of-tests",
  };
});
afterAll(async () => {
  const made = await execute(fixture.db, sql`select 1 from pg_roles where rolname = ${role}`);
  if (made.length > 0) await execute(fixture.db, sql.raw(`drop owned by ${role}`));
  await execute(fixture.db, sql.raw(`drop role if exists ${role}`));
  await Promise.all([fixture.stop(), mail.stop()]);
});

const preflight = (env: Record<string, string> = {}, only?: readonly Part[], nowMs = Date.now) =>
  runChecks({ ...good, ...env }, { nowMs, ...(only === undefined ? {} : { only }) });
const named = (results: readonly CheckResult[], outcome: CheckResult["outcome"]) =>
  results.filter((result) => result.outcome === outcome).map(({ check }) => check);
const resultOf = (results: readonly CheckResult[], check: string) => results.find((result) => result.check === check);
const withDatabase = (name: string, login = {}): string => {
  const url = new URL(good["DATABASE_URL"] ?? "");
  url.pathname = `/${name}`;
  return Object.assign(url, login).href;
};

describe("where everything is right", () => {
  it("fails nothing, tries every part, and leaves nothing behind", async () => {
    const results = await preflight();
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    const tried = ["postgres: connection", "postgres: version", "postgres: clock", "postgres: migrations", "postgres: permissions"];
    const ofClickHouse = ["connection", "version", "clock", "database", "settings", "migrations", "permissions"].map(
      (one) => `clickhouse: ${one}`,
    );
    const ofBucket = ["write", "read", "list", "delete", "multipart", "download", "clock"].map((one) => `exports bucket: ${one}`);
    const rest = ["mail", "encryption key", "salt", "admin key", "egress"];
    expect([...named(results, "ok"), ...named(results, "warning")]).toEqual(
      expect.arrayContaining(["variables of the API", "variables of the runner", ...tried, ...ofClickHouse, ...ofBucket, ...rest]),
    );
    expect(named(results, "skipped")).toEqual(["events bucket", "sign-in"]);
    const { text } = await fixture.s3.send({ method: "GET", key: "", query: { "list-type": "2" } });
    expect(text).not.toContain("spillway-validation");
  });

  it("is a command with exit status and JSON", async () => {
    // Beside this process, which answers its mail.
    const command = (args: string[], env: Record<string, string> = good): Promise<{ status: number; stdout: string }> =>
      new Promise((resolve) => {
        execFile(bunPath, [`${repositoryRoot}cli/operator/preflight.ts`, ...args], { env: { ...process.env, ...env } }, (error, stdout) =>
          resolve({ status: error === null ? 0 : Number(error.code), stdout }),
        );
      });
    const [right, wrong, unknown] = await Promise.all([
      command(["--json", "--for", "runner"]),
      command(["--for", "api"], { ...good, SALT: "", CLICKHOUSE_URL: "no-address-secret" }),
      command(["--only", "redis"]),
    ]);
    expect([right.status, (JSON.parse(right.stdout) as { ok: boolean }).ok]).toEqual([0, true]);
    expect(wrong.status).toBe(1);
    expect(wrong.stdout).toMatch(/^FAILED {3}variables of the API: SALT: .+ Correct SALT/m);
    expect(wrong.stdout).not.toContain("no-address-secret");
    expect(unknown.status).toBe(64);
  });
});

describe("Postgres", () => {
  it.each([
    ["a wrong password", () => ({ DATABASE_URL: withDatabase(fixture.database, { password: "wrong-secret" }) }), /password/],
    ["a database that is missing", () => ({ DATABASE_URL: withDatabase("nowhere") }), /does not exist/],
    ["a port without a server", () => ({ DATABASE_URL: withDatabase(fixture.database, { port: "9" }) }), /listens/],
    [
      "a host without an address",
      () => ({ DATABASE_URL: withDatabase(fixture.database, { hostname: "nowhere.invalid" }) }),
      /resolve|connection/i,
    ],
  ])("%s fails the connection, and nothing after it is guessed", async (_name, env, message) => {
    const results = await preflight(env(), ["postgres"]);
    expect(resultOf(results, "postgres: connection")).toMatchObject({
      outcome: "failed",
      message: expect.stringMatching(message) as string,
    });
    expect(resultOf(results, "postgres: version")).toBeUndefined();
    expect(JSON.stringify(results)).not.toContain("wrong-secret");
  });

  it("a role that may only read is named with its tables; a server that only allows reading, too", async () => {
    await execute(fixture.db, sql.raw(`create role ${role} login password 'pw'`));
    for (const statement of [
      `grant connect on database ${fixture.database} to ${role}`,
      `grant usage on schema public, drizzle to ${role}`,
      `grant select on all tables in schema public to ${role}`,
      `grant select on all tables in schema drizzle to ${role}`,
    ])
      await execute(fixture.db, sql.raw(statement));
    const env = { DATABASE_URL: withDatabase(fixture.database, { username: role, password: "pw" }) };
    const refused = resultOf(await preflight(env, ["postgres"]), "postgres: permissions");
    expect(refused).toMatchObject({ outcome: "failed", help: expect.stringContaining("GRANT SELECT, INSERT") as string });
    expect(refused?.message).toContain("batch_exports");
    await execute(fixture.db, sql.raw(`alter role ${role} set default_transaction_read_only = on`));
    expect(resultOf(await preflight(env, ["postgres"]), "postgres: version")).toMatchObject({ outcome: "failed" });
  });

  it("migrations that are pending are named", async () => {
    await execute(fixture.db, sql`create table kept as select * from drizzle.__drizzle_migrations`);
    await execute(fixture.db, sql`delete from drizzle.__drizzle_migrations where created_at = (select max(created_at) from kept)`);
    const result = resultOf(await preflight({}, ["postgres"]), "postgres: migrations");
    await execute(fixture.db, sql`insert into drizzle.__drizzle_migrations select * from kept on conflict do nothing`);
    expect(result).toMatchObject({ outcome: "failed", message: expect.stringMatching(/^Pending: 00\d\d_\w+\.$/) as string });
    expect(result?.help).toContain("npm run migrate");
  });
});

describe("ClickHouse", () => {
  it.each([
    ["an address that is not ClickHouse's", () => ({ CLICKHOUSE_URL: fixture.s3Config.endpoint }), "clickhouse: connection"],
    ["a wrong password", () => ({ CLICKHOUSE_PASSWORD: "wrong-secret" }), "clickhouse: connection"],
    ["a database that is missing", () => ({ CLICKHOUSE_DB: "nowhere" }), "clickhouse: database"],
    ["a database without migrations", () => ({ CLICKHOUSE_DB: "default" }), "clickhouse: migrations"],
  ])("%s fails", async (_name, env, check) => {
    const results = await preflight(env(), ["clickhouse"]);
    expect(named(results, "failed")).toEqual([check]);
    expect(JSON.stringify(results)).not.toContain("wrong-secret");
  });
});

describe("a ClickHouse user", () => {
  /** The real server, behind something that changes what it is asked. */
  const withProxy = async <R>(change: (url: URL, sql: string) => string, work: (url: string) => Promise<R>): Promise<R> => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", fixture.clickhouseUrl);
        const body = Buffer.concat(chunks);
        const changed = change(url, body.toString("latin1"));
        const headers = { "content-type": request.headers["content-type"] ?? "text/plain" };
        void fetch(url, { method: "POST", body: Buffer.from(changed, "latin1"), headers }).then(async (real) => {
          const { "content-encoding": _, "transfer-encoding": __, ...kept } = Object.fromEntries(real.headers);
          response.writeHead(real.status, kept).end(Buffer.from(await real.arrayBuffer()));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  };

  it("of a server that does not know a setting of exports fails that check: the server itself refuses it", async () => {
    const rename = (url: URL, sql: string) => {
      if (url.searchParams.get("database") !== "system" && url.searchParams.has("use_skip_indexes_if_final_exact_mode"))
        url.searchParams.set("a_setting_of_tomorrow", "1");
      return sql;
    };
    const results = await withProxy(rename, (url) => preflight({ CLICKHOUSE_URL: url }, ["clickhouse"]));
    expect(resultOf(results, "clickhouse: settings")).toMatchObject({
      outcome: "failed",
      help: expect.stringContaining("readonly") as string,
    });
  });

  it("that may not insert is told which right is missing", async () => {
    // The user of the embedded server may do all but this.
    const ask = (_url: URL, sql: string) => sql.replace(/^CHECK GRANT INSERT ON .+$/, "CHECK GRANT CREATE USER ON *");
    const results = await withProxy(ask, (url) => preflight({ CLICKHOUSE_URL: url }, ["clickhouse"]));
    expect(named(results, "failed")).toEqual(["clickhouse: permissions"]);
    expect(resultOf(results, "clickhouse: permissions")?.help).toContain("GRANT INSERT ON");
  });
});

describe("a bucket", () => {
  it("that is missing fails the writing, and what needs it is skipped", async () => {
    const results = await preflight({ LANGFUSE_S3_BATCH_EXPORT_BUCKET: "nowhere" }, ["buckets"]);
    expect(resultOf(results, "exports bucket: write")).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("S3_BUCKET_NOT_FOUND") as string,
    });
    expect(named(results, "skipped")).toEqual(expect.arrayContaining(["exports bucket: multipart", "exports bucket: download"]));
  });

  it("whose key is wrong fails", async () => {
    const results = await preflight({ LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: "wrong-secret" }, ["buckets"]);
    expect(resultOf(results, "exports bucket: write")).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("S3_ACCESS_DENIED") as string,
    });
    expect(JSON.stringify(results)).not.toContain("wrong-secret");
  });

  it("whose download links lead nowhere fails that check alone", async () => {
    const results = await preflight({ LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT: "http://127.0.0.1:9" }, ["buckets"]);
    expect(named(results, "failed")).toEqual(["exports bucket: download"]);
    expect(resultOf(results, "exports bucket: download")?.help).toContain("EXTERNAL_ENDPOINT");
  });
});

describe("the rest", () => {
  it("a clock 20 minutes off is said of each engine; two minutes are a warning", async () => {
    const clocks = ["postgres: clock", "clickhouse: clock", "exports bucket: clock"];
    const far = await preflight({}, ["postgres", "clickhouse", "buckets"], () => Date.now() + 20 * 60_000);
    expect(named(far, "failed")).toEqual(clocks);
    expect(resultOf(far, "postgres: clock")?.message).toMatch(/^Clock skew: 1\d\d\d s behind this machine/);
    expect(named(await preflight({}, ["postgres", "clickhouse", "buckets"], () => Date.now() - 120_000), "warning")).toEqual(
      expect.arrayContaining(clocks),
    );
  });

  it("a mail server that does not answer fails", async () => {
    expect(named(await preflight({ SMTP_CONNECTION_URL: "smtp://127.0.0.1:9" }, ["mail"]), "failed")).toEqual(["mail"]);
  });

  it("an encryption key that is no random one, or does not open what is stored, fails", async () => {
    expect(named(await preflight({ ENCRYPTION_KEY: "ab".repeat(32) }, ["keys"]), "failed")).toEqual(["encryption key"]);
    const id = newId("integration");
    const other = randomBytes(32).toString("hex");
    const keyring = createKeyring({ present: other, previous: [], randomBytes: (size) => new Uint8Array(randomBytes(size)) });
    await execute(
      fixture.db,
      sql`insert into integrations (id, project_id, kind, name, enabled, settings, sealed_secret, tables, frequency, mode)
        values (${id}, ${fixture.projectId}, 'mixpanel', ${id}, false, '{}', ${await keyring.seal(id, "s")}, '{traces}', 'hourly', 'FULL_HISTORY')`,
    );
    expect(resultOf(await preflight({}, ["keys"]), "encryption key")).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("1 of 1") as string,
    });
    expect(resultOf(await preflight({ SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: other }, ["keys"]), "encryption key")).toMatchObject({
      outcome: "warning",
    });
    await execute(fixture.db, sql`delete from integrations where id = ${id}`);
  });

  it("an encryption key that does not open the secret of a webhook endpoint fails", async () => {
    const id = newId("webhookEndpoint");
    const keyring = createKeyring({ present: "0d".repeat(32), previous: [], randomBytes: (size) => new Uint8Array(randomBytes(size)) });
    await execute(
      fixture.db,
      sql`insert into webhook_endpoints (id, project_id, name, url, enabled, signing, sealed_secret)
        values (${id}, ${fixture.projectId}, 'hook', 'https://example.com', false, 'hmac-sha256', ${await keyring.seal(id, "s")})`,
    );
    expect(resultOf(await preflight({}, ["keys"]), "encryption key")).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("1 of 1") as string,
    });
    await execute(fixture.db, sql`delete from webhook_endpoints where id = ${id}`);
  });

  it("settings that open networks to customers, and an example as salt, are warned of", async () => {
    const results = await preflight({ SPILLWAY_EGRESS_ALLOW_HTTP: "true", SPILLWAY_EGRESS_ALLOWED_PORTS: "1-65535", SALT: "change-me" }, [
      "keys",
    ]);
    expect(named(results, "warning")).toEqual(expect.arrayContaining(["egress", "salt"]));
  });

  it("variables that are wrong are all named, and nothing else is tried", async () => {
    const results = await preflight({ DATABASE_URL: "", LANGFUSE_S3_BATCH_EXPORT_BUCKET: "" });
    expect(results.filter(({ outcome }) => outcome === "failed").every(({ check }) => check.startsWith("variables"))).toBe(true);
    expect(named(results, "skipped")).toEqual(["engines"]);
  });

  it("no outcome ever shows a secret", async () => {
    const told = JSON.stringify([await preflight(), await preflight({ DATABASE_URL: withDatabase("nowhere") })]);
    const { password } = new URL(good["DATABASE_URL"] ?? "");
    for (const secret of [password, key, good["SALT"], good["ADMIN_API_KEY"]]) expect(told).not.toContain(secret);
    expect(told).not.toContain(`"${fixture.s3Config.secretAccessKey}"`);
  });
});

describe("sign-in", () => {
  const publicUrl = { SPILLWAY_PUBLIC_URL: "https://spillway.example.com" };

  it("by links needs a mail server", async () => {
    expect(named(await preflight(publicUrl, ["sign-in"]), "ok")).toContain("sign-in: mail links");
    const without = await preflight({ ...publicUrl, SMTP_CONNECTION_URL: "", EMAIL_FROM_ADDRESS: "" }, ["sign-in"]);
    expect(resultOf(without, "sign-in: mail links")).toMatchObject({ outcome: "warning" });
  });

  it("at a provider needs its discovery document, which names the same issuer", async () => {
    const document = { authorization_endpoint: "http://127.0.0.1/authorize" };
    let named = "";
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ ...document, issuer: named }) });
    const issuer = `http://127.0.0.1:${server.port}`;
    const check = async () => {
      const client = { AUTH_CUSTOM_ISSUER: issuer, AUTH_CUSTOM_CLIENT_ID: "id", AUTH_CUSTOM_CLIENT_SECRET: "client-secret" };
      const results = await preflight(client, ["sign-in"]);
      expect(JSON.stringify(results)).not.toContain("client-secret");
      return resultOf(results, "sign-in: provider")?.outcome;
    };
    try {
      named = issuer;
      expect(await check()).toBe("ok");
      named = "https://evil.example";
      expect(await check()).toBe("failed");
    } finally {
      await server.stop(true);
    }
    expect(await check()).toBe("failed");
  });
});
