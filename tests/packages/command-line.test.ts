/**
 * The packed command line in an empty project, as its users install it, against a whole stack: the walkthrough of docs/command-line.md under
 * each runtime, exit codes, what `verify` finds, what `ingest` sends, and that keys are never printed. Node 24 needs
 * `node local/bootstrap.mjs tests/packages`.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exitCodes, type Outcome } from "../../cli/user/exit-codes.ts";
import { runProgram } from "../../cli/user/run-program.ts";
import { readManifest } from "../../cli/user/verify/manifest.ts";
import { verifyExport } from "../../cli/user/verify/verify-export.ts";
import { freePort } from "../../local/free-port.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import type { BatchExport } from "../../openapi/client/index.ts";
import { type Ended, runCommand, succeed } from "../support/run-command.ts";
import { nodesAndBun } from "../support/runtimes.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { stack, connection, settled, exported, newProject } = useWholeStack();

const [errors, others] = [12, 24];
let project: string;
let program: string;
/** Everything that any command printed. */
let printed = "";

const keys = (): Record<string, string> => {
  const { baseUrl, publicKey, secretKey } = connection();
  return { SPILLWAY_URL: baseUrl, SPILLWAY_PUBLIC_KEY: publicKey, SPILLWAY_SECRET_KEY: secretKey };
};
const noKeys = { SPILLWAY_URL: "", SPILLWAY_PUBLIC_KEY: "", SPILLWAY_SECRET_KEY: "" };

type More = { env?: Record<string, string>; input?: string };

/** Runs a command in this process, which costs a tenth of starting one. Paths are in the folder of the project. */
const spillway = async (args: readonly string[], { env = {}, input = "" }: More = {}): Promise<Ended> => {
  const collected = () => {
    const stream = new PassThrough();
    return { stream, text: readText(stream) };
  };
  const [out, err] = [collected(), collected()];
  const terminal = {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: out.stream,
    stderr: err.stream,
    env: { ...keys(), ...env },
    nowMs: Date.now,
    signal: new AbortController().signal,
  };
  const status = await runProgram(args, terminal);
  out.stream.end();
  err.stream.end();
  const ended = { status, out: await out.text, err: await err.text };
  printed += `${ended.out}${ended.err}`;
  return ended;
};

/** Runs a command of the installed package, as a user does. */
const packed = async (args: readonly string[], command = "node"): Promise<Ended> => {
  const ended = await runCommand(command, [program, ...args], project, keys());
  printed += `${ended.out}${ended.err}`;
  return ended;
};
const ok = async (...args: string[]): Promise<string> => {
  const { status, out, err } = await spillway(args);
  if (status !== 0) throw new Error(`spillway ${args.join(" ")}: ${status} ${out}${err}`);
  return out;
};
const fails = async (outcome: Outcome, args: readonly string[], more: More = {}): Promise<string> => {
  const { status, err } = await spillway(args, more);
  expect([status, err]).toEqual([exitCodes[outcome].status, expect.anything()]);
  return err;
};

/** A document over several lines; a number that no double holds. */
const event = (id: string, level: string, at: Date) =>
  `{"id":"e-${id}","type":"span-create","timestamp":"${at.toISOString()}","body":{"id":"${id}","traceId":"t-${id}","name":"step, \\"one\\"\\nline",` +
  `"startTime":"${at.toISOString()}","level":"${level}","input":{"n":12345678901234567890},"metadata":{"region":"us east"}}}`;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "spillway-command-"));
  vi.stubEnv("XDG_CONFIG_HOME", join(project, "config"));
  await succeed(bunPath, ["local/build-command-line.ts"], repositoryRoot);
  const [packed] = JSON.parse(
    await succeed("npm", ["pack", "--json", "--pack-destination", project], join(repositoryRoot, "cli/user")),
  ) as {
    filename: string;
    files: { path: string }[];
  }[];
  expect(packed?.files.map(({ path }) => path).toSorted()).toEqual(["README.md", "dist/licenses.txt", "dist/spillway.js", "package.json"]);
  writeFileSync(join(project, "package.json"), '{"name":"empty","private":true,"type":"module"}');
  await succeed("npm", ["install", "--offline", "--no-audit", "--no-fund", join(project, packed?.filename ?? "")], project);
  program = join(project, "node_modules/.bin/spillway");
  const [recent, old] = [new Date(Date.now() - 3_600_000), new Date(Date.now() - 30 * 86_400_000)];
  const lines = [
    ...Array.from({ length: errors }, (_, index) => event(`new-${index}`, "ERROR", recent)),
    ...Array.from({ length: others }, (_, index) => event(`other-${index}`, index % 2 === 0 ? "DEFAULT" : "WARNING", recent)),
    event("old", "ERROR", old),
  ];
  const { status, out } = await spillway(["ingest", "-", "--json"], { input: lines.join("\n") });
  expect([status, JSON.parse(out)]).toEqual([0, { accepted: errors + others + 1, sampledOut: 0, rejected: [], batches: 1 }]);
  await settled();
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(project, { recursive: true, force: true });
});

/** The first commands of the manual, as arguments. */
const walkthrough = (): string[][] => {
  const [, block = ""] = /```sh run\n([\s\S]*?)```/.exec(readFileSync(join(repositoryRoot, "docs/command-line.md"), "utf8")) ?? [];
  return block
    .trim()
    .split("\n")
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "").slice(1));
};

describe("the package", () => {
  it.each(nodesAndBun.filter(([, command]) => command !== undefined))(
    "exports last week's errors as Parquet under %s",
    async (_, command = "") => {
      rmSync(join(project, "errors"), { recursive: true, force: true });
      const ends: Ended[] = [];
      for (const args of walkthrough()) ends.push(await packed(args, command));
      expect(ends.map(({ status }) => status)).toEqual([0, 0]);
      expect(ends[0]?.out).toMatch(/COMPLETED[\s\S]*level = ERROR[\s\S]*✓ 1 file and manifest\.json in errors/);
      expect(ends[1]?.err).toContain("is whole");
      const [file = ""] = readdirSync(join(project, "errors")).filter((name) => name.endsWith(".parquet"));
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(project, "errors", file)), compressors });
      expect(rows.map((row) => row["id"]).toSorted()).toEqual(Array.from({ length: errors }, (_, index) => `new-${index}`).toSorted());
    },
  );

  it("completes commands and choices", async () => {
    expect((await packed(["complete", "--", "export", "cre"])).out).toContain("create");
    expect((await packed(["complete", "--", "export", "create", "--format", ""])).out).toContain("parquet");
    for (const shell of ["bash", "zsh", "fish"])
      expect(await packed(["completion", shell])).toEqual({ status: 0, err: "", out: expect.stringContaining("spillway") });
  });
});

describe("verify", () => {
  type Damage = [string, (path: string, folder: string) => void, RegExp];
  const damages: Damage[] = [
    ["a missing file", (path) => rmSync(path), /missing/],
    ["a file that was cut", (path) => truncateSync(path, statSync(path).size - 9), /has \d+ bytes, not \d+\..*CRC-32/],
    [
      "a changed byte",
      (path) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
        ),
      /CRC-32 is/,
    ],
    ["bytes behind the end", (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("{}\n")])), /bytes, not/],
    [
      "a count of rows that is not the file's",
      (_path, folder) => {
        const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { rows: number; files: { rows: number }[] };
        const [first, ...rest] = manifest.files;
        const files = [{ ...first, rows: (first?.rows ?? 0) + 1 }, ...rest];
        writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, rows: manifest.rows + 1, files }));
      },
      /has \d+ rows, not \d+/,
    ],
  ];

  it.each([
    ["csv", "zstd", []],
    ["json", "gzip", []],
    ["jsonl", "none", ["--target-file-mib", "1"]],
    ["parquet", undefined, []],
  ] as const)("counts the rows of %s (%s), and names the file that is damaged and how", async (format, compression, more) => {
    const folder = join(project, `verify-${format}`);
    const options = compression === undefined ? [] : ["--compression", compression];
    await ok("export", "create", "--table", "events", "--format", format, ...options, ...more, "--download", folder);
    expect(JSON.parse(await ok("verify", folder, "--json"))).toMatchObject({
      isWhole: true,
      files: [{ rows: errors + others + 1, faults: [] }],
    });
    const [name = ""] = readdirSync(folder).filter((one) => one !== "manifest.json");
    for (const [what, damage, sentence] of damages) {
      const copy = join(project, "damaged");
      cpSync(folder, copy, { recursive: true });
      damage(join(copy, name), copy);
      // Without a process for each, which would cost more than all the rest.
      const { isWhole, files } = await verifyExport(copy, await readManifest(copy), {
        signal: new AbortController().signal,
        onBytes: () => undefined,
      });
      rmSync(copy, { recursive: true });
      expect([what, isWhole, files.map((file) => file.faults.join(" "))]).toEqual([what, false, [expect.stringMatching(sentence)]]);
    }
  });

  it("prints which file is damaged and how, with a status of its own", async () => {
    const copy = join(project, "damaged");
    cpSync(join(project, "verify-csv"), copy, { recursive: true });
    const [name = ""] = readdirSync(copy).filter((one) => one !== "manifest.json");
    truncateSync(join(copy, name), 100);
    const { status, out, err } = await spillway(["verify", copy]);
    expect([status, out, err]).toEqual([
      exitCodes.verification.status,
      expect.stringContaining(`✗  ${name}`),
      expect.stringMatching(new RegExp(`${name}: It has 100 bytes, not \\d+\\.[\\s\\S]*${name}: Its CRC-32 is`)),
    ]);
  });

  it("needs a manifest", async () => {
    const folder = join(project, "verify-csv");
    const copy = join(project, "no-manifest");
    cpSync(folder, copy, { recursive: true });
    writeFileSync(join(copy, "manifest.json"), '{"version":1,"files":[{"name":"../../etc/passwd"}]}');
    expect(await fails("verification", ["verify", copy])).toContain("must be the name of a file");
    rmSync(join(copy, "manifest.json"));
    expect(await fails("verification", ["verify", copy])).toContain("There is no");
  });
});

describe("exports", () => {
  let id: string;
  beforeAll(async () => {
    const made = JSON.parse(await ok("export", "create", "--table", "events", "--format", "jsonl", "--wait", "--json")) as BatchExport;
    id = made.id;
    expect(made).toMatchObject({ status: "COMPLETED", result: { rows: errors + others + 1 } });
  });

  it("are listed and shown for people and for scripts", async () => {
    expect(await ok("export", "list")).toMatch(new RegExp(`ID +STATUS[\\s\\S]*${id} +COMPLETED +events +jsonl`));
    const lines = (await ok("export", "list", "--json", "--limit", "2")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as BatchExport).id)[0]).toBe(id);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(await ok("export", "show", id, "--json"))).toMatchObject({ id });
    expect((await ok("export", "watch", id, "--json")).trim().split("\n")).toHaveLength(1);
  });

  it("are written to a pipe, byte for byte", async () => {
    const rows = (await ok("export", "download", id, "--output", "-")).trim().split("\n");
    expect(rows).toHaveLength(errors + others + 1);
    expect(rows[0]).toContain("12345678901234567890");
  });

  it("of one idempotency key are one", async () => {
    const args = ["export", "create", "--table", "scores", "--format", "csv", "--idempotency-key", "the same", "--json"];
    const [first, second] = await Promise.all([ok(...args), ok(...args)]);
    expect((JSON.parse(first) as BatchExport).id).toBe((JSON.parse(second) as BatchExport).id);
  });

  it("are estimated with what can be typed", async () => {
    const estimate = async (...more: string[]) =>
      (JSON.parse(await ok("export", "estimate", "--table", "events", "--json", ...more)) as { rows: number }).rows;
    expect(await estimate("--filter", "level != ERROR and id starts with other-")).toBe(others);
    expect(await estimate("--until", "7d")).toBe(1);
    expect(await estimate("--filter-json", '[{"type":"string","column":"id","operator":"=","value":"old"}]')).toBe(1);
  });

  it("are previewed as the file will hold them, to a pipe", async () => {
    const args = ["export", "preview", "--table", "events", "--filter", "id = old", "--columns", "id,level"];
    expect(await spillway([...args, "--format", "csv"])).toMatchObject({
      status: 0,
      out: '"id","level"\n"old","ERROR"\n',
      err: "1 row of 1.\n",
    });
    expect(await ok(...args, "--format", "parquet")).toBe('{"id":"old","level":"ERROR"}\n');
    expect(JSON.parse(await ok(...args, "--format", "jsonl", "--json"))).toMatchObject({ rowCount: 1, estimate: { rows: 1 } });
  });

  it("go on when the waiting is interrupted", async () => {
    const child = spawn("node", [program, "export", "create", "--table", "traces", "--format", "csv", "--wait"], {
      cwd: project,
      env: { ...process.env, ...keys() },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    // The runner may be faster than the signal: the export is then over, with status 0.
    const status = await new Promise<number | null>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => {
        if (err === "") child.kill("SIGINT");
        err += chunk.toString("utf8");
      });
      child.on("close", resolve);
    });
    expect([0, exitCodes.interrupted.status]).toContain(status);
    if (status !== 0) expect(err).toMatch(/The export exp_\w+ goes on/);
    const [, started = ""] = /Export (exp_\w+) is started/.exec(err) ?? [];
    expect(JSON.parse(await ok("export", "watch", started, "--json").then((out) => out.trim().split("\n").at(-1) ?? ""))).toMatchObject({
      status: "COMPLETED",
    });
  });

  it("end quietly when the reader of a pipe goes away", async () => {
    const { out, err } = await runCommand(
      "bash",
      ["-c", `node ${program} export download ${id} --output - | head -c 10; echo " \${PIPESTATUS[0]}"`],
      project,
      keys(),
    );
    expect(err).toBe("");
    expect(out).toMatch(/^.{10} (0|141)\n$/s);
  });
});

describe("exit codes", () => {
  const create = ["export", "create", "--table", "events", "--format", "csv"];
  it.each<[Outcome, string[], Record<string, string>, RegExp]>([
    ["usage", ["export", "lst"], {}, /Did you mean list/],
    ["usage", [...create, "--filter", "level ERROR"], {}, /operator after level[\s\S]*\^/],
    ["usage", [...create, "--filter", "levl = ERROR"], {}, /Did you mean level/],
    ["usage", ["export", "create", "--format", "csv"], {}, /Which table/],
    ["usage", ["ingest", "nowhere.json"], {}, /cannot be read/],
    ["auth", ["export", "list"], noKeys, /spillway login/],
    ["auth", ["export", "list"], { SPILLWAY_URL: "" }, /SPILLWAY_URL is not set/],
    ["auth", ["export", "list"], { SPILLWAY_SECRET_KEY: "sk-lf-wrong" }, /UNAUTHENTICATED[\s\S]*Request id: req_/],
    ["notFound", ["export", "show", "exp_unknown"], {}, /NOT_FOUND/],
    ["notFound", ["tables", "nothing"], {}, /no such table/],
    [
      "refused",
      [...create, "--columns", "nope"],
      {},
      /query\.columns\[0\][\s\S]*INVALID_COLUMNS|INVALID_COLUMNS[\s\S]*query\.columns\[0\]/,
    ],
    ["network", ["export", "list"], { SPILLWAY_URL: "http://127.0.0.1:1" }, /CONNECTION_FAILED/],
  ])("%s: spillway %j", async (outcome, args, env, words) => {
    expect(await fails(outcome, args, { env })).toMatch(words);
  });

  it("are those of the process, with the error on stderr alone", async () => {
    expect(await packed(["export", "show", "exp_unknown"])).toEqual({
      status: exitCodes.notFound.status,
      out: "",
      err: expect.stringContaining("NOT_FOUND"),
    });
  });

  it("failed: an export that was cancelled", async () => {
    const { id } = JSON.parse(await ok("export", "create", "--table", "scores", "--format", "csv", "--json")) as BatchExport;
    const { status } = await spillway(["export", "cancel", id]);
    const watched = await spillway(["export", "watch", id]);
    const end = (JSON.parse(await ok("export", "show", id, "--json")) as BatchExport).status;
    // The runner may be faster, also behind a cancellation that it was only asked for.
    expect(["CANCELLED", "COMPLETED"]).toContain(end);
    if (end === "COMPLETED") return expect([0, exitCodes.refused.status]).toContain(status);
    expect([status, watched.status, watched.err]).toEqual([0, exitCodes.failed.status, expect.stringContaining("CANCELLED")]);
  });

  it("of a failure for scripts come with one JSON document on stderr", async () => {
    const { error } = JSON.parse(await fails("refused", [...create, "--columns", "nope", "--json"])) as { error: Record<string, unknown> };
    expect(error).toMatchObject({
      outcome: "refused",
      code: "INVALID_COLUMNS",
      requestId: expect.stringMatching(/^req_/),
      fields: [{ path: "query.columns[0]" }],
    });
  });
});

describe("ingest", () => {
  const now = new Date();
  const ids = async (prefix: string) =>
    (await exported("events", [{ type: "string", column: "id", operator: "starts with", value: prefix }]))
      .map((row) => row["id"])
      .toSorted();

  it("takes a batch of an SDK and an array, over several lines, from files", async () => {
    writeFileSync(
      join(project, "batch.json"),
      `{\n "metadata": {"sdk": "x"},\n "batch": [\n${event("doc-1", "DEFAULT", now)},\n${event("doc-2", "DEFAULT", now)}\n]\n}`,
    );
    writeFileSync(join(project, "array.json"), `[\n${event("doc-3", "DEFAULT", now)}\n]`);
    for (const file of ["batch.json", "array.json"]) await ok("ingest", join(project, file));
    await settled();
    expect(await ids("doc-")).toEqual(["doc-1", "doc-2", "doc-3"]);
  });

  it("says what is wrong with which line, and sends the others", async () => {
    const input = [
      event("part-1", "DEFAULT", now),
      "{broken",
      "7",
      event("part-2", "DEFAULT", now).replace("span-create", "nonsense"),
    ].join("\n");
    const err = await fails("refused", ["ingest", "-"], { input });
    expect(err).toMatch(
      /3 events were rejected[\s\S]*line 2: It is no JSON\.[\s\S]*line 3: It is no JSON object\.[\s\S]*line 4 \(e-part-2\): /,
    );
    await settled();
    expect(await ids("part-")).toEqual(["part-1"]);
  });

  it("refuses what is no JSON before anything is sent", async () => {
    expect(await fails("usage", ["ingest", "-"], { input: "[1,\n2" })).toContain("neither one JSON document");
  });
});

describe("logins", () => {
  const login = async (name: string, secretKey: string) => {
    const { baseUrl, publicKey } = connection();
    return spillway(["login", "--profile", name, "--url", baseUrl, "--public-key", publicKey, "--secret-key-stdin"], {
      env: noKeys,
      input: secretKey,
    });
  };

  it("are tried, stored for the user alone, chosen and forgotten", async () => {
    const file = join(project, "config/spillway/profiles.json");
    expect((await login("wrong", "sk-lf-not-this-one")).status).toBe(exitCodes.auth.status);
    expect(existsSync(file)).toBe(false);
    expect((await login("first", stack().secretKey)).status).toBe(0);
    expect((await login("second", stack().secretKey)).status).toBe(0);
    expect([statSync(file).mode & 0o777, statSync(join(file, "..")).mode & 0o777]).toEqual([0o600, 0o700]);
    const stored = async (...args: string[]) => spillway(args, { env: noKeys });
    expect((await stored("profiles")).out).toMatch(/\* +second/);
    expect((await stored("profiles", "use", "first")).status).toBe(0);
    expect((await stored("logout", "--profile", "first")).status).toBe(0);
    expect((await stored("tables")).status).toBe(exitCodes.auth.status);
    expect((await stored("tables", "--profile", "second")).status).toBe(0);
    await succeed("chmod", ["644", file], project);
    expect((await stored("tables", "--profile", "second")).err).toContain("can be read by other users");
    writeFileSync(file, `{"current": "${stack().secretKey}`);
    await succeed("chmod", ["600", file], project);
    expect((await stored("tables", "--profile", "second")).err).toContain("is damaged");
  });

  it("of the environment come before stored ones, --profile before both", async () => {
    rmSync(join(project, "config"), { recursive: true, force: true });
    await login("mine", stack().secretKey);
    const other = await newProject("elsewhere");
    const env = { SPILLWAY_PUBLIC_KEY: other.publicKey, SPILLWAY_SECRET_KEY: other.secretKey };
    const projectOf = async (...args: string[]) => {
      const { out } = await spillway(["export", "create", "--table", "scores", "--format", "csv", "--json", ...args], { env });
      return (JSON.parse(out) as BatchExport).projectId;
    };
    expect([await projectOf(), await projectOf("--profile", "mine")]).toEqual([other.projectId, stack().projectId]);
  });
});

describe("keys", () => {
  it("are created, listed, rotated and revoked, and their secrets go only where they are sent", async () => {
    rmSync(join(project, "config"), { recursive: true, force: true });
    const create = ["keys", "create", "--scopes", "batchExports:read", "--note", "nightly", "--expires", "90d", "--json"];
    expect(await fails("usage", create)).toContain("--store PROFILE");
    expect(await fails("usage", ["keys", "create", "--scopes", "everything", "--print"])).toContain("batchExports:create");
    const made = JSON.parse(await ok(...create, "--store", "nightly")) as { id: string; expiresAt: string };
    expect(Date.parse(made.expiresAt) - Date.now()).toBeGreaterThan(89 * 86_400_000);
    expect(await ok("keys", "list")).toContain(made.id);
    const stored = () =>
      (
        JSON.parse(readFileSync(join(project, "config/spillway/profiles.json"), "utf8")) as {
          profiles: Record<string, { secretKey: string }>;
        }
      ).profiles["nightly"]?.secretKey ?? "";
    const before = stored();
    expect((await spillway(["tables", "--profile", "nightly"])).status).toBe(0);
    await ok("keys", "rotate", made.id, "--overlap", "0s", "--store", "nightly");
    expect(stored()).not.toBe(before);
    expect((await spillway(["tables", "--profile", "nightly"])).status).toBe(0);
    for (const secret of [before, stored()]) expect(printed).not.toContain(secret);
    // Not through `ok`, which keeps what was printed for the test at the end.
    const { out } = await runCommand("node", [program, "keys", "rotate", made.id, "--print", "--json"], project, keys());
    expect(JSON.parse(out)).toMatchObject({ id: made.id, secretKey: expect.stringMatching(/^sk-lf-/) });
    await ok("keys", "revoke", made.id);
    expect(await fails("auth", ["tables", "--profile", "nightly"])).toContain("spillway login");
    expect(await fails("notFound", ["keys", "revoke", made.id])).toContain("NOT_FOUND");
  });
});

/** The installed `webhooks listen`, once it listens. */
const listen = async (secret: string, args: readonly string[]) => {
  const child = spawn("node", [program, "webhooks", "listen", "--json", ...args], {
    cwd: project,
    env: { ...process.env, SPILLWAY_WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  const printedLines = () =>
    out
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));
  const url = await new Promise<string>((resolve) =>
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString("utf8");
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(err) ?? [];
      if (found !== undefined) resolve(found);
    }),
  );
  const ended = new Promise<{ status: number | null; lines: unknown[]; err: string }>((resolve) =>
    child.on("close", (status) => {
      printed += out + err;
      resolve({ status, err, lines: printedLines() });
    }),
  );
  return { url, ended, printedLines, stop: () => child.kill() };
};

describe("webhooks", () => {
  it("tell when an export is ready, to a receiver that was tried before", async () => {
    const port = await freePort();
    const create = [
      "webhooks",
      "create",
      "--name",
      "me",
      "--url",
      `http://127.0.0.1:${port}/hook`,
      "--events",
      "export.completed",
      "--json",
    ];
    expect(await fails("usage", [...create, "--events", "export.ready"])).toContain("export.completed");
    const { id, secret } = JSON.parse(await ok(...create)) as { id: string; secret: string };
    const { ended, printedLines, stop } = await listen(secret, ["--port", String(port)]);
    expect(await ok("webhooks", "test", id)).toContain("was delivered: the receiver answered 204");
    const made = JSON.parse(await ok("export", "create", "--table", "scores", "--format", "csv", "--json")) as BatchExport;
    // Exports of the tests before may complete meanwhile, and are told too.
    const told = expect.objectContaining({
      isVerified: true,
      event: expect.objectContaining({
        type: "export.completed",
        data: expect.objectContaining({ batchExportId: made.id }) as unknown,
      }) as unknown,
    }) as unknown;
    await expect.poll(printedLines, { timeout: waitSeconds * 1000, interval: 200 }).toContainEqual(told);
    stop();
    await ended;
    expect(await ok("webhooks", "list")).toMatch(new RegExp(`${id} +me +healthy`));
    // Nobody listens any more.
    expect(await fails("failed", ["webhooks", "test", id])).toContain("EGRESS_UNREACHABLE");
  });

  it("that are received are told from what was not signed, until there are enough", async () => {
    const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
    const { url, ended } = await listen(secret, ["--port", "0", "--count", "2"]);
    const body = JSON.stringify({ type: "export.completed", timestamp: new Date().toISOString(), data: { batchExportId: "exp_1" } });
    const at = new Date();
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(at.getTime() / 1000)) };
    const deliver = async (signature: string) =>
      (await fetch(url, { method: "POST", body, headers: { ...headers, "webhook-signature": signature } })).status;
    expect([await deliver(new Webhook(secret).sign("msg_1", at, body)), await deliver("v1,AAAA")]).toEqual([204, 400]);
    const { status, lines, err } = await ended;
    expect(lines).toMatchObject([
      { id: "msg_1", isVerified: true, event: { type: "export.completed", data: { batchExportId: "exp_1" } } },
      { id: "msg_1", isVerified: false, event: null },
    ]);
    expect([status, err]).toEqual([exitCodes.verification.status, expect.stringContaining("1 of 2 deliveries were not signed")]);
    expect(printed).not.toContain(secret);
  });
});

describe("integrations", () => {
  it("are created with credentials from outside the arguments, paused, resumed, tried and listed", async () => {
    const create = [
      "integrations",
      "create",
      "--kind",
      "posthog",
      "--name",
      "product",
      "--frequency",
      "daily",
      "--start",
      "now",
      "--set",
      "hostName=https://eu.i.posthog.com",
    ];
    expect(await fails("usage", [...create, "--secret", "projectApiKey=phc_on_the_line"])).toContain("does not take the credential itself");
    const { status, out } = await spillway([...create, "--secret", "projectApiKey=env:POSTHOG_KEY", "--json"], {
      env: { POSTHOG_KEY: "phc_secret_of_ours" },
    });
    expect(status).toBe(0);
    const { id } = JSON.parse(out) as { id: string };
    expect(await ok("integrations", "pause", id)).toMatch(/status +disabled/);
    expect(await fails("refused", ["integrations", "run", id])).toContain("INTEGRATION_DISABLED");
    expect(await ok("integrations", "resume", id)).toMatch(/hostName +https:\/\/eu\.i\.posthog\.com/);
    expect(await ok("integrations", "list")).toContain(id);
    expect(await ok("integrations", "runs", id, "--json")).toEqual(expect.any(String));
    expect(printed).not.toContain("phc_secret_of_ours");
  });
});

it("no command ever printed a secret key", () => {
  expect(printed.length).toBeGreaterThan(5000);
  expect(printed).not.toContain(stack().secretKey);
});
