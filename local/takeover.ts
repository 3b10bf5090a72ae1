/**
 * `npm run takeover -- <revision>`: proves that this version takes over the data of an older one. It starts the older revision on a fresh
 * data directory, sends events, starts an export and kills everything in the middle. Then it starts this version on the same directory and
 * checks that the export completes and every acknowledged event is there.
 * Exit status 0: taken over, 1: not, 2: misuse.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { sampleEvents } from "./sample-data.ts";
import { ingestionEvents } from "./send-sample.ts";
import { bunPath, repositoryRoot } from "./service.ts";
import { startStack } from "./stack.ts";
import type { StackFile } from "./stack-file.ts";

const revision = process.argv[2];
if (revision === undefined) {
  console.error("Name the older revision: npm run takeover -- <commit or tag>");
  process.exit(2);
}
const exportedEvents = 8000;
const waitingEvents = 3000;
const deadlineMs = 240_000;

const run = (command: string, args: string[], cwd = repositoryRoot): void => {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
};

/** Asks again until the answer is there, for four minutes at most. */
const until = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
  for (const endMs = Date.now() + deadlineMs; Date.now() < endMs; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
};

type Api = Pick<StackFile, "apiUrl" | "publicKey" | "secretKey">;
type BatchExport = { id: string; status: string; progress: { rows: number }; result: { rows: number } | null };

const call = async <Answer>({ apiUrl, publicKey, secretKey }: Api, path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`${apiUrl}/api/public/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
};

/** Sends sample events; answers how many observations were acknowledged. */
const send = async (api: Api, events: number, seed: number): Promise<number> => {
  const rows = sampleEvents({ projectId: "", events, endMs: Date.now() - 60_000, seed });
  const sent = [...ingestionEvents(rows)];
  for (let from = 0; from < sent.length; from += 500) {
    const { errors } = await call<{ errors: unknown[] }>(api, "ingestion", { batch: sent.slice(from, from + 500) });
    if (errors.length > 0) throw new Error(`refused: ${JSON.stringify(errors[0])}`);
  }
  return sent.filter((event) => (event as { type: string }).type !== "trace-create").length;
};

const countObservations = async (api: Api): Promise<number> =>
  (await call<{ meta: { totalItems: number } }>(api, "observations?limit=1")).meta.totalItems;

const dir = mkdtempSync(join(tmpdir(), "spillway-takeover-"));
const tree = join(dir, "old");
const dataDir = join(dir, "data");
let old: ChildProcess | undefined;
let status = 1;
try {
  run("chmod", ["755", dir]);
  run("git", ["worktree", "add", "--detach", tree, revision]);
  console.log(`installing and starting ${revision}`);
  run(bunPath, ["install", "--frozen-lockfile"], tree);
  old = spawn(bunPath, ["local/start.ts"], {
    cwd: tree,
    env: { ...process.env, SPILLWAY_DATA_DIR: dataDir, SPILLWAY_API_PORT: String(await freePort()), SPILLWAY_SLICE_MIB: "1" },
    stdio: "ignore",
  });
  const stackFile = join(dataDir, "stack.json");
  const before = await until("the older version starts", async () =>
    existsSync(stackFile) ? (JSON.parse(readFileSync(stackFile, "utf8")) as StackFile) : undefined,
  );
  const exported = await send(before, exportedEvents, 1);
  await until("the older version writes the events", async () => ((await countObservations(before)) >= exported ? true : undefined));
  const query = { tableName: "events", filter: [], orderBy: { column: "startTime", order: "ASC" } };
  const { id } = await call<BatchExport>(before, "batch-exports", { name: "takeover", format: "JSONL", compression: "gzip", query });
  const running = await until("the export runs", async () => {
    const one = await call<BatchExport>(before, `batch-exports/${id}`);
    return one.status === "QUEUED" ? undefined : one;
  });
  const waiting = await send(before, waitingEvents, 2);
  const late = await countObservations(before);
  const isGone = once(old, "exit");
  old.kill("SIGKILL");
  await isGone;
  console.log(`killed while the export was ${running.status} and about ${exported + waiting - late} acknowledged observations waited`);

  const stack = await startStack({ dataDir, apiPort: 0, say: (line) => console.log(`this version is ${line}`) });
  try {
    const api = { ...stack, publicKey: before.publicKey, secretKey: before.secretKey };
    const done = await until("the export ends", async () => {
      const one = await call<BatchExport>(api, `batch-exports/${id}`);
      return one.status === "QUEUED" || one.status === "PROCESSING" ? undefined : one;
    });
    const found = await until("all events are written", async () => {
      const count = await countObservations(api);
      return count >= exported + waiting ? count : undefined;
    });
    console.log(
      `the export is ${done.status} with ${done.result?.rows} rows of at least ${exported}; ${found} of ${exported + waiting} observations are there`,
    );
    status = done.status === "COMPLETED" && (done.result?.rows ?? 0) >= exported && found === exported + waiting ? 0 : 1;
  } finally {
    await stack.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  old?.kill("SIGKILL");
  if (existsSync(tree)) run("git", ["worktree", "remove", "--force", tree]);
  rmSync(dir, { recursive: true, force: true });
}
process.exit(status);
