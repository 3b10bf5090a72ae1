/**
 * `npm run bench:console [-- --events 1000000 --rounds 5 --pages 10 --keys 240 --data DIR --verbose]`: how fast the console is in a real
 * Chromium on the local stack: the events table of a large project, its next page, and typing while 20 exports run. `--data` keeps the stack's
 * data for the next run. Figures: docs/benchmarks.md.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type Database, openPostgres } from "../../db/postgres/client.ts";
import { launchChromium } from "../chromium.ts";
import { showRunning } from "../show-running.ts";
import { createSignInLink } from "../sign-in-link.ts";
import { type Stack, startStack } from "../stack.ts";
import { fillEvents } from "./fill-events.ts";
import { type Load, loadColdAndWarm, type SignedIn, turnPages } from "./page-load.ts";
import { typeOverExports } from "./typing.ts";

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};
const events = Number(option("events") ?? 1_000_000);
const rounds = Number(option("rounds") ?? 5);
const pages = Number(option("pages") ?? 10);
const keys = Number(option("keys") ?? 240);
const isVerbose = process.argv.includes("--verbose");
const kept = option("data");
const runningExports = 20;
/** How often the rows of each running export advance. The API looks once a second. */
const advanceMs = 250;

const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** Waits for the merges that follow the inserts. */
const fill = async ({ clickhouseUrl, clickhouseDatabase, projectId }: Stack): Promise<void> => {
  const run = async (sql: string): Promise<string> => {
    const response = await fetch(`${clickhouseUrl}/?database=${clickhouseDatabase}`, { method: "POST", body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text.trim();
  };
  if ((await run("SELECT count() FROM events")) === "0") await fillEvents(run, { projectId, events, endMs: Date.now() - 60_000 });
  while ((await run("SELECT count() FROM system.merges")) !== "0") await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(`${await run("SELECT count() FROM events")} rows of events; load ${loadavg()[0]?.toFixed(1)} before the first page`);
};

/** By a link, as the owner of the stack's project. */
const signIn = async (browser: Browser, stack: Stack): Promise<SignedIn> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(await createSignInLink(stack));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/projects\//);
  const storageState = await context.storageState();
  await context.close();
  return { storageState };
};

const callsOf = ({ apiUrl, publicKey, secretKey }: Stack) => {
  const call = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${apiUrl}/api/public/batch-exports${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  };
  return {
    create: async (name: string): Promise<string> => {
      const { id } = await call<{ id: string }>("POST", "", {
        name,
        format: "CSV",
        query: { tableName: "events", filter: [] },
        notify: false,
      });
      return id;
    },
    remove: async (id: string): Promise<void> => {
      await call("POST", `/${id}/cancel`);
      await call("DELETE", `/${id}`);
    },
  };
};

/** Lets the exports advance until the work is done. */
const whileRunning = async <Done>(db: Database, ids: readonly string[], work: () => Promise<Done>): Promise<Done> => {
  let isOver = false;
  let rows = 0;
  const advance = async (): Promise<void> => {
    while (!isOver) {
      rows += 5000;
      for (const [at, id] of ids.entries())
        await showRunning(db, id, { stage: "streaming", rows: rows + at, rowsTotal: 9_000_000, bytes: (rows + at) * 1500 });
      await new Promise((resolve) => setTimeout(resolve, advanceMs));
    }
  };
  const advancing = advance();
  try {
    return await work();
  } finally {
    isOver = true;
    await advancing;
  }
};

const typeBoth = async (browser: Browser, signedIn: SignedIn, stack: Stack) => {
  const calls = callsOf(stack);
  const postgres = openPostgres(stack.postgresUrl, { connectionsMax: 1 });
  const ids: string[] = [];
  try {
    for (let at = 0; at < runningExports; at++) ids.push(await calls.create(`Export ${at}`));
    const url = `${stack.apiUrl}/projects/${stack.projectId}/exports`;
    const queued = await typeOverExports(browser, signedIn, { url, keys, moving: 0 });
    const running = await whileRunning(postgres.db, ids, () => typeOverExports(browser, signedIn, { url, keys, moving: runningExports }));
    return { queued, running };
  } finally {
    for (const id of ids) await calls.remove(id);
    await postgres.close();
  }
};

const ms = (value: number): string => value.toFixed(0);
const line = (name: string, values: readonly number[], promise: string): string =>
  `| ${name} | ${ms(percentile(values, 0.5))} | ${ms(Math.max(...values))} | ${promise} |`;
const say = (name: string, { shownMs, interactiveMs, requests }: Load): void => {
  if (isVerbose) console.log([`${name}: ${ms(shownMs)} ms shown, ${ms(interactiveMs)} ms interactive`, ...requests].join("\n  "));
};

const measure = async (browser: Browser, stack: Stack): Promise<void> => {
  const signedIn = await signIn(browser, stack);
  const table = `${stack.apiUrl}/projects/${stack.projectId}/events`;
  const { cold: first } = await loadColdAndWarm(browser, signedIn, table);
  say("first", first);
  const loads: Record<"cold" | "warm", Load[]> = { cold: [], warm: [] };
  for (let round = 0; round < rounds; round++) {
    const { cold, warm } = await loadColdAndWarm(browser, signedIn, table);
    say("cold", cold);
    say("warm", warm);
    loads.cold.push(cold);
    loads.warm.push(warm);
  }
  const turns = await turnPages(browser, signedIn, table, pages);
  if (isVerbose)
    for (const { askedMs, answeredMs, shownMs } of turns)
      console.log(`next: asked after ${ms(askedMs)} ms, answered after ${ms(answeredMs)} ms, shown after ${ms(shownMs)} ms`);
  const { queued, running } = await typeBoth(browser, signedIn, stack);
  const shown = (some: readonly Load[]) => some.map(({ shownMs }) => shownMs);
  const interactive = (some: readonly Load[]) => some.map(({ interactiveMs }) => interactiveMs);
  const longest = (tasksMs: readonly number[]) => (tasksMs.length === 0 ? "under 50" : ms(Math.max(...tasksMs)));
  const lines = [
    "| | median ms | worst ms | promise |",
    "| --- | --- | --- | --- |",
    line("first load of the stack, rows shown", shown([first]), ""),
    line("first load of the stack, interactive", interactive([first]), ""),
    line("cold cache, rows shown", shown(loads.cold), "under 1,000"),
    line("cold cache, interactive", interactive(loads.cold), "under 1,000"),
    line("warm cache, rows shown", shown(loads.warm), "under 1,000"),
    line("warm cache, interactive", interactive(loads.warm), "under 1,000"),
    line(
      `"Next" until other rows are shown, ${pages} pages`,
      turns.map(({ shownMs }) => shownMs),
      "under 300",
    ),
    line(`key until paint, ${runningExports} exports wait`, queued.keysMs, ""),
    line(
      `key until paint, ${runningExports} exports run`,
      running.keysMs,
      `worst under ${ms(2 * Math.max(...queued.keysMs))}, twice that of waiting`,
    ),
    `| longest task while typing, exports wait | | ${longest(queued.longTasksMs)} | |`,
    `| longest task while typing, exports run | | ${longest(running.longTasksMs)} | under 50 |`,
  ];
  console.log(lines.join("\n"));
  console.log(
    `main thread busy while typing: ${ms(queued.busy * 100)} % of the time while exports wait, ${ms(running.busy * 100)} % while they run`,
  );
  console.log(`load ${loadavg()[0]?.toFixed(1)} at the end`);
};

const dir = kept ?? mkdtempSync(join(tmpdir(), "spillway-bench-console-"));
mkdirSync(dir, { recursive: true });
chmodSync(dir, 0o755);
const stoppable: (() => unknown)[] = kept === undefined ? [() => rmSync(dir, { recursive: true, force: true })] : [];
try {
  const stack = await startStack({ dataDir: dir, apiPort: 0, withRunner: false, env: { SPILLWAY_LOCAL_SINKS: "false" } });
  stoppable.push(() => stack.stop());
  await fill(stack);
  const browser = await launchChromium();
  stoppable.push(() => browser.close());
  await measure(browser, stack);
} finally {
  for (const stop of stoppable.toReversed()) await stop();
}
process.exit(0);
