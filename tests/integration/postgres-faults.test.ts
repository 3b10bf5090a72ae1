import { connect, createServer, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { eventually } from "../support/eventually.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { startQueryHook } from "../support/query-hook.ts";

let fixture: Fixture;

beforeAll(async () => {
  // Never behind a pooler, whose server connections belong to no runner: the test would end its own.
  fixture = await createFixture({ pooled: (url) => url });
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts)
     SELECT '${fixture.projectId}', concat('t', toString(number)), concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(number), 'n',
       repeat('payload ', 40), now64(6) FROM numbers(60000)`,
  );
});
afterAll(() => fixture.stop());

it("exports survive a Postgres that ends every connection of the runner again and again", async () => {
  const hook = await startQueryHook(fixture.clickhouseUrl);
  const { promise: hasEndedSome, resolve: endedSome } = Promise.withResolvers<void>();
  // The exports do not end before Postgres has ended connections a few times, however fast they are.
  hook.before(() => hasEndedSome);
  const runner = fixture.startRunner({
    CLICKHOUSE_URL: hook.url,
    SPILLWAY_SLICE_MIB: "2",
    SPILLWAY_LEASE_SECONDS: "5",
    SPILLWAY_SELF_FENCE_SECONDS: "4",
    SPILLWAY_REAPER_SECONDS: "0.5",
  });
  try {
    const ids = await Promise.all(
      // As many attempts as there may be lost connections, and more.
      Array.from({ length: 3 }, () => fixture.requestExport({ format: "JSONL", query: { tableName: "events" } }, 50)),
    );
    let kills = 0;
    const ending = Promise.all(ids.map((id) => fixture.finished(id)));
    let isDone = false;
    void ending.finally(() => {
      isDone = true;
    });
    while (!isDone && kills < 15) {
      const rows = await execute<{ ended: boolean }>(
        fixture.db,
        sql`select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'spillway-runner' and datname = current_database()`,
      );
      if (rows.length > 0) kills++;
      if (kills > 3) endedSome();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    for (const row of await ending) {
      expect(row.log).toBeNull();
      expect(row.status).toBe("COMPLETED");
      expect((await fixture.readExport(row)).trimEnd().split("\n")).toHaveLength(60_000);
    }
    expect(kills).toBeGreaterThan(3);
  } finally {
    endedSome();
    await runner.stop();
    hook.stop();
  }
});

/** A TCP proxy that loses the answer to the COMMIT after the statement it is told of, once: the transaction is in, the client cannot know. */
const startCommitLoser = (target: URL, statement: string) => {
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let isAfter = false;
    let isLosing = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {
        // The other side went away; both are destroyed below.
      });
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      isAfter ||= text.includes(statement);
      isLosing = isAfter && lost === 0 && text.toLowerCase().includes("commit");
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (isLosing) {
        lost++;
        client.resetAndDestroy();
        return;
      }
      client.write(chunk);
    });
  });
  return new Promise<{ url: string; lost: () => number; stop: () => void }>((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const url = new URL(target);
      url.host = `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
      resolve({
        url: url.href,
        lost: () => lost,
        stop: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      });
    }),
  );
};

it("an export whose COMMIT was answered by nobody is completed, and its file stays", async () => {
  const env = fixture.runnerEnv();
  const proxy = await startCommitLoser(new URL(env["DATABASE_URL"] ?? ""), '"slicesResumed"');
  const lines: Record<string, unknown>[] = [];
  const runner = fixture.startRunner({ DATABASE_URL: proxy.url, SPILLWAY_SWEEP_SECONDS: "0.2", SPILLWAY_SWEEP_GRACE_SECONDS: "0" }, lines);
  try {
    const exportId = await fixture.requestExport({ format: "JSONL", query: { tableName: "events" } }, 10);
    const row = await fixture.finished(exportId);
    expect(proxy.lost()).toBe(1);
    expect(row.status).toBe("COMPLETED");
    // The attempt has seen its failure and given up; the sweep has run since, and removed what was left behind then.
    await eventually("the attempt has ended", () =>
      Promise.resolve(lines.some(({ event, kind }) => event === "job_attempt" && kind === "export.run")),
    );
    await execute(
      fixture.db,
      sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, updated_at)
        values ('exp_swept', ${fixture.projectId}, 'job_gone', gen_random_uuid(), ${fixture.s3Config.bucket}, 'left-behind', now() - interval '1 hour')`,
    );
    await eventually(
      "the sweep has run",
      async () => (await execute(fixture.db, sql`select 1 from export_objects where key = 'left-behind' and state = 'removed'`)).length > 0,
    );
    const after = await fixture.load(exportId);
    expect([after.status, after.job?.state]).toEqual(["COMPLETED", "completed"]);
    expect((await fixture.readExport(after)).trimEnd().split("\n")).toHaveLength(60_000);
  } finally {
    await runner.stop();
    proxy.stop();
  }
});
