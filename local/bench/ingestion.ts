/**
 * `npm run bench:ingestion [-- --events 20000] [--projects 1]`: events per second accepted by the API and written by one runner, beside a
 * plain INSERT. Each has the cores to itself: the queue first fills without a runner, then it is emptied.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { type Stack, startStack } from "../stack.ts";

const numberOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const eventsTotal = numberOf("events", 20_000);
const projectsTotal = numberOf("projects", 1);
const dir = mkdtempSync(join(tmpdir(), "spillway-bench-ingestion-"));
chmodSync(dir, 0o755);
const seconds = (from: number) => (performance.now() - from) / 1000;
const show = (what: string, rows: number, took: number) =>
  console.log(`${what.padEnd(48)} ${rows} in ${took.toFixed(2)} s, ${Math.round(rows / took)} a second`);

const text = "words of a conversation ".repeat(40);
const batchOf = (batch: number) =>
  Array.from({ length: 200 }, (_, i) => {
    const [trace, id] = [`t${batch}-${Math.floor(i / 10)}`, `o${batch}-${i}`];
    const timestamp = new Date(Date.UTC(2026, 0, 1) + batch * 1000 + i).toISOString();
    return i % 10 === 0
      ? { id: `e${id}`, timestamp, type: "trace-create", body: { id: trace, name: "bench", userId: `u${batch}`, input: text } }
      : {
          id: `e${id}`,
          timestamp,
          type: "generation-create",
          body: {
            id,
            traceId: trace,
            name: "call",
            startTime: timestamp,
            endTime: timestamp,
            model: "gpt-4o",
            input: text,
            output: text,
            usage: { input: 10, output: 20 },
          },
        };
  });

type Keys = { publicKey: string; secretKey: string };

/** Creates more projects with one owner and a key each, beside the stack's own. */
const moreProjects = async ({ apiUrl, adminKey }: Stack, count: number): Promise<Keys[]> => {
  const make = async <R>(what: string, body: object): Promise<R> => {
    const response = await fetch(`${apiUrl}/api/admin/${what}`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as R;
  };
  const { id: organizationId } = await make<{ id: string }>("organizations", { name: "bench" });
  const { id: userId } = await make<{ id: string }>("users", { email: "bench@example.com" });
  await make("memberships", { organizationId, userId, role: "OWNER" });
  const keys: Keys[] = [];
  for (let project = 0; project < count; project++) {
    const { id: projectId } = await make<{ id: string }>("projects", { organizationId, name: `bench ${project}` });
    keys.push(await make<Keys>("api-keys", { projectId, userId, scopes: ["ingestion:write"] }));
  }
  return keys;
};

try {
  const filling = await startStack({ dataDir: dir, apiPort: 0, env: { QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED: "false" } });
  const batches = Math.ceil(eventsTotal / 200);
  const keys = [filling, ...(await moreProjects(filling, projectsTotal - 1))];
  let next = 0;
  let startedMs = performance.now();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let batch = next++; batch < batches; batch = next++) {
        const { publicKey, secretKey } = keys[batch % keys.length] ?? filling;
        const response = await fetch(`${filling.apiUrl}/api/public/ingestion`, {
          method: "POST",
          headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
          body: JSON.stringify({ batch: batchOf(batch) }),
        });
        if (response.status !== 207) throw new Error(await response.text());
      }
    }),
  );
  show("taken by the API, durable in S3 and Postgres", batches * 200, seconds(startedMs));
  await filling.stop();

  const stack = await startStack({ dataDir: dir, apiPort: 0, env: { SPILLWAY_POLL_MS: "20" } });
  const open = openPostgres(stack.postgresUrl, { connectionsMax: 1 });
  const waiting = async () =>
    (await execute<{ n: number }>(open.db, sql`select count(*)::int as n from jobs where kind = 'ingestion.merge'`))[0]?.n ?? 0;
  startedMs = performance.now();
  const before = await waiting();
  while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 25));
  show("merged and written by one runner", before, seconds(startedMs));

  const clickhouse = async (query: string, body?: string) => {
    const url = new URL(stack.clickhouseUrl);
    url.searchParams.set("database", stack.clickhouseDatabase);
    if (body !== undefined) url.searchParams.set("query", query);
    const response = await fetch(url, { method: "POST", body: body ?? query });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
    return answer;
  };
  let rows = 0;
  let took = 0;
  for (const table of ["traces", "observations", "events"]) {
    const lines = await clickhouse(`SELECT * FROM ${table} FORMAT JSONEachRow`);
    await clickhouse(`CREATE TABLE bench_${table} AS ${table}`);
    startedMs = performance.now();
    await clickhouse(`INSERT INTO bench_${table} FORMAT JSONEachRow`, lines);
    took += seconds(startedMs);
    rows += lines.split("\n").length - 1;
  }
  show("plain INSERT … FORMAT JSONEachRow of the same rows", rows, took);
  await open.close();
  await stack.stop();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
