/**
 * The packed client in an empty project, as its users install it, and against a whole stack: the walkthrough of docs/client.md under each
 * runtime, and downloads and waiting over connections that break. Node 24 and Deno need `node local/bootstrap.mjs tests/packages`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { SpillwayClient } from "../../openapi/client/index.ts";
import { downloadToFile, downloadToFolder } from "../../openapi/client/node.ts";
import { clickHouseTime, eventRow } from "../support/event-rows.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { runCommand, succeed } from "../support/run-command.ts";
import { runtimes } from "../support/runtimes.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const store = await startFaultProxy(inject("s3").endpoint);
const { stack, connection } = useWholeStack({ env: { LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT: store.url } });

const errors = 300;
let project: string;
let client: SpillwayClient;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "spillway-package-"));
  client = new SpillwayClient(connection());
  const hourAgoUs = (Date.now() - 3_600_000) * 1000;
  const rows = Array.from({ length: errors * 2 }, (_, index) =>
    eventRow({
      project_id: stack().projectId,
      span_id: `s${index}`,
      trace_id: `t${index % 7}`,
      level: index % 2 === 0 ? "ERROR" : "DEFAULT",
      start_time: clickHouseTime(hourAgoUs + index),
      // Not to be compressed, so that a file is large enough to be cut.
      input: Array.from(crypto.getRandomValues(new Uint8Array(1500)), (byte) => byte.toString(16)).join(""),
    }),
  );
  const url = `${stack().clickhouseUrl}/?database=${stack().clickhouseDatabase}&query=INSERT+INTO+events+FORMAT+JSONEachRow`;
  const answer = await fetch(url, { method: "POST", body: rows.map((row) => JSON.stringify(row)).join("\n") });
  expect(answer.status).toBe(200);
});
afterAll(() => {
  store.stop();
  rmSync(project, { recursive: true, force: true });
});

/** The programs of the manual; the first is the walkthrough. */
const [walkthrough = "", ...snippets] = [
  ...readFileSync(join(repositoryRoot, "docs/client.md"), "utf8").matchAll(/```ts[^\n]*\n([\s\S]*?)```/g),
].map(([, program = ""]) => program);

/** What the snippets of the manual take as given. */
const given = `import { SpillwayClient } from "@spillway/client";
declare const [client, id, baseUrl, secretKey, request]: [SpillwayClient, string, string, string, Request];
`;

/** A snippet as a program: its imports on top, the rest in a function, so that it may return. */
const programOf = (snippet: string): string => {
  const lines = snippet.split("\n");
  const imports = lines.filter((line) => line.startsWith("import ")).map((line) => line.replace("SpillwayClient, ", ""));
  return `${given}${imports.join("\n")}\nexport const program = async () => {\n${lines.filter((line) => !line.startsWith("import ")).join("\n")}\n};\n`;
};

describe("the package", () => {
  let typeErrors: string;
  beforeAll(async () => {
    await succeed(bunPath, ["local/build-client.ts"], repositoryRoot);
    const [packed] = JSON.parse(
      await succeed("npm", ["pack", "--json", "--pack-destination", project], join(repositoryRoot, "openapi/client")),
    ) as {
      filename: string;
      files: { path: string }[];
    }[];
    expect(
      packed?.files.map(({ path }) => path).filter((path) => !/^(dist\/.*(\.js|\.d\.ts)|package\.json|README\.md)$/.test(path)),
    ).toEqual([]);
    writeFileSync(join(project, "package.json"), '{"name":"empty","private":true,"type":"module"}');
    await succeed("npm", ["install", "--offline", "--no-audit", "--no-fund", join(project, packed?.filename ?? "")], project);
    writeFileSync(join(project, "last-weeks-errors.ts"), walkthrough);
    for (const [index, snippet] of snippets.entries()) writeFileSync(join(project, `snippet-${index}.ts`), programOf(snippet));
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      module: "nodenext",
      target: "es2022",
      types: ["node"],
      typeRoots: [join(repositoryRoot, "node_modules/@types")],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    // Writes the JavaScript that the runtimes get, too.
    typeErrors = (await runCommand(join(repositoryRoot, "node_modules/typescript7/bin/tsc"), [], project)).out;
  });

  it("has types that a strict project checks, those of the package included", async () => {
    expect(walkthrough).toContain("waitFor");
    expect(snippets.length).toBeGreaterThan(5);
    expect(typeErrors).toBe("");
    writeFileSync(
      join(project, "wrong.ts"),
      `import { SpillwayClient } from "@spillway/client";\nnew SpillwayClient({ baseUrl: "" }).exports.create({ format: "XLS" });\n`,
    );
    const { status, out } = await runCommand(join(repositoryRoot, "node_modules/typescript7/bin/tsc"), ["--noEmit"], project);
    rmSync(join(project, "wrong.ts"));
    expect([status, out]).toEqual([1, expect.stringContaining("XLS")]);
  });

  it.each(runtimes.filter(([, command]) => command !== undefined))(
    "exports last week's errors as Parquet under %s",
    async (_, command = "", args) => {
      const { baseUrl, publicKey, secretKey } = connection();
      const env = { SPILLWAY_URL: baseUrl, SPILLWAY_PUBLIC_KEY: publicKey, SPILLWAY_SECRET_KEY: secretKey };
      rmSync(join(project, "errors.parquet"), { force: true });
      const out = await succeed(command, [...args, "last-weeks-errors.js"], project, env);
      expect(out).toMatch(new RegExp(`^${errors} rows, \\d+ bytes, CRC-32 [0-9a-f]{8}\\n$`));
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(project, "errors.parquet")), compressors });
      expect([rows.length, new Set(rows.map((row) => row["level"]))]).toEqual([errors, new Set(["ERROR"])]);
      expect(readdirSync(project).filter((name) => name.endsWith(".part"))).toEqual([]);
    },
  );
});

/** The same answer, whose body comes in pieces of at most 60 kB until the signal ends it. */
const inPieces = ({ body, status, headers }: Response, signal: AbortSignal): Response => {
  const reader = body?.getReader();
  let rest = new Uint8Array();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    signal.throwIfAborted();
    if (rest.byteLength === 0) rest = (await reader?.read())?.value ?? rest;
    if (rest.byteLength === 0) return controller.close();
    controller.enqueue(rest.subarray(0, 60_000));
    rest = rest.subarray(60_000);
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { status, headers });
};

describe("an export", () => {
  let id: string;
  let dir: string;
  beforeAll(async () => {
    dir = join(project, "downloads");
    mkdirSync(dir);
    const created = await client.exports.create({ format: "JSONL", query: { tableName: "events", filter: [], orderBy: null } });
    id = (await client.exports.waitFor(created.id)).id;
  });

  it("is waited for over connections that break again and again", async () => {
    const api = await startFaultProxy(stack().apiUrl);
    const overProxy = new SpillwayClient({ ...connection(), baseUrl: api.url });
    const { id: slow } = await overProxy.exports.create({ format: "CSV", query: { tableName: "events", filter: [], orderBy: null } });
    const states: string[] = [];
    // Within the first event of each of three connections.
    api.cutAfter(300);
    const done = await overProxy.exports.waitFor(slow, {
      pollMs: 20,
      onProgress: ({ status }) => {
        states.push(status);
        if (api.cuts() < 3) api.cutAfter(300);
      },
    });
    api.stop();
    expect(api.cuts()).toBeGreaterThan(0);
    expect([done.status, done.result?.rows]).toEqual(["COMPLETED", errors * 2]);
  });

  it("that was cancelled or never was ends the waiting with an error", async () => {
    const { id: cancelled } = await client.exports.create({ format: "CSV", query: { tableName: "events", filter: [], orderBy: null } });
    await client.exports.cancel(cancelled).catch(() => undefined);
    const outcome = await client.exports.waitFor(cancelled).catch((error: unknown) => error);
    // The runner may have been faster.
    if ((await client.exports.get(cancelled)).status !== "COMPLETED") expect(outcome).toMatchObject({ code: "EXPORT_NOT_COMPLETED" });
    await expect(client.exports.waitFor("bex_unknown")).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
  });

  it.each(["RST", "FIN"] as const)("is downloaded whole when connections break with %s", async (how) => {
    const path = join(dir, `${how}.jsonl`);
    const before = store.cuts();
    const seen: number[] = [];
    store.cutAfter(200_000, how);
    const file = await downloadToFile(client, id, path, {
      onProgress: (bytes) => {
        seen.push(bytes);
        if (store.cuts() - before < 3) store.cutAfter(200_000, how);
      },
    });
    // One at least: how much of the rest is under way when the next cut is asked for depends on the machine.
    expect(store.cuts()).toBeGreaterThan(before);
    store.cutAfter(null);
    const bytes = readFileSync(path);
    expect([bytes.byteLength, crc32(bytes).toString(16).padStart(8, "0")]).toEqual([file.bytes, file.crc32]);
    // Each byte came once: what was there was not asked for again.
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("whose download was given up is continued by the next call", async () => {
    const path = join(dir, "later.jsonl");
    const caller = new AbortController();
    // A fetch that has the whole file at once would leave nothing to give up.
    const piecemeal = new SpillwayClient({ ...connection(), fetch: async (request) => inPieces(await fetch(request), request.signal) });
    const first = downloadToFile(piecemeal, id, path, {
      signal: caller.signal,
      onProgress: (bytes) => bytes > 100_000 && caller.abort(new Error("enough")),
    });
    await expect(first).rejects.toThrow("enough");
    expect(existsSync(path)).toBe(false);
    const seen: number[] = [];
    const file = await downloadToFile(client, id, path, { onProgress: (bytes) => seen.push(bytes) });
    expect(seen[0]).toBeGreaterThan(100_000);
    expect(crc32(readFileSync(path)).toString(16).padStart(8, "0")).toBe(file.crc32);
  });

  it("whose file was changed never gets its final name", async () => {
    const manifest = await client.exports.manifest(id);
    const key = manifest.files[0]?.key ?? "";
    const stored = `${inject("s3").dataDir}`;
    const [found = ""] = execFileSync("find", [stored, "-path", `*${key}*`, "-type", "f", "-size", "+100k"], { encoding: "utf8" }).split(
      "\n",
    );
    const original = readFileSync(found);
    const changed = Buffer.from(original);
    changed[1000] = (changed[1000] ?? 0) ^ 1;
    writeFileSync(found, changed);
    const path = join(dir, "changed.jsonl");
    await expect(downloadToFile(client, id, path)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    expect(readdirSync(dir).filter((name) => name.startsWith("changed"))).toEqual([]);
    // What an earlier call left does not spoil a later one.
    writeFileSync(`${path}.${id}-0.part`, changed.subarray(0, 5000));
    writeFileSync(found, original);
    await downloadToFile(client, id, path);
    expect(readFileSync(path).equals(original)).toBe(true);
  });

  it("is written to a folder with its manifest", async () => {
    const folder = join(dir, "all");
    const manifest = await downloadToFolder(client, id, folder);
    expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))).toEqual(manifest);
    expect(readdirSync(folder).toSorted()).toEqual([...manifest.files.map(({ name }) => name), "manifest.json"].toSorted());
  });

  it("that is not there has no file", async () => {
    await expect(client.exports.download(id, { file: 7 })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.exports.download("bex_unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
