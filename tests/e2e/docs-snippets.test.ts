/**
 * What the documentation tells people to run is run here, against one stack: page by page, the snippets of a page in their order, each in a shell
 * that knows the variables of those before. CONTRIBUTING.md, "Snippets", says what stands for the reader's keys and ids.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { parseMarker, preparePrograms, programOf, readSnippets } from "../support/snippets.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

/** Stands for a trace that the reader has. */
const traceId = "docs-trace";
/** A receiver of deliveries would be a real one: integrations are made here, and not delivered. */
const whole = useWholeStack({
  env: {
    QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED: "false",
  },
});
let folder: string;

beforeAll(async () => {
  // The reader stands in the repository; what a snippet writes does not stay there.
  folder = mkdtempSync(join(tmpdir(), "spillway-docs-"));
  for (const name of readdirSync(repositoryRoot))
    if (name !== ".git" && name !== ".spillway") symlinkSync(join(repositoryRoot, name), join(folder, name));
  symlinkSync(whole.stack().dataDir, join(folder, ".spillway"));
  mkdirSync(join(folder, "snippets"));
  preparePrograms(join(folder, "snippets"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `ID` is the `id` of the last answer. A shell variable of one of these names is left alone. */
const filled = (text: string, { publicKey, secretKey, projectId }: ProjectKey, lastId: string): string => {
  const values = { PUBLIC_KEY: publicKey, SECRET_KEY: secretKey, PROJECT_ID: projectId, TRACE_ID: traceId, ID: lastId };
  return Object.entries(values)
    .reduce((code, [name, value]) => code.replaceAll(new RegExp(`(?<![\\w$\\{])${name}(?![\\w=])`, "g"), value), text)
    .replaceAll("http://127.0.0.1:8787", whole.stack().apiUrl);
};

/** curl fails on an error of the server. The last answer of curl or of the command line that is JSON names the next `ID`. */
const prelude = `set -a
[ ! -e "$SNIPPET_STATE" ] || . "$SNIPPET_STATE"
trap 'export -p > "$SNIPPET_STATE"' EXIT
curl() { command curl --fail-with-body --silent --show-error "$@" | tee "$SNIPPET_ANSWER"; }
spillway() { "${bunPath}" "${repositoryRoot}/cli/user/main.ts" "$@" | tee "$SNIPPET_ANSWER"; }
`;

const commandOf = (language: string, name: string, code: string): string => {
  if (language === "sh" || language === "bash") return code;
  const file = join(folder, "snippets", `${name}.${language === "ts" ? "ts" : "py"}`);
  writeFileSync(file, code);
  return language === "ts" ? `"${bunPath}" "${file}"` : `python3 "${file}"`;
};

const runShell = async (script: string, env: Record<string, string>): Promise<{ status: number | null; output: string }> => {
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: waitSeconds * 1000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, output };
};

type Operation = { operationId: string };
const { paths } = JSON.parse(readFileSync(join(repositoryRoot, "openapi/openapi.json"), "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
};

/** Sends a body to its operation; `{…}` in the path is the last id. */
const send = async (key: ProjectKey, operationId: string, body: string, lastId: string): Promise<string> => {
  const [found] = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => (operation.operationId === operationId ? [{ path, method }] : [])),
  );
  if (found === undefined) throw new Error(`openapi/openapi.json has no operation ${operationId}`);
  const path = found.path.replace("/api/public/", "").replaceAll(/\{[^}]+\}/g, lastId);
  const response = await whole.call(path, { method: found.method.toUpperCase(), body }, { authorization: whole.authorization(key) });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${answer}`);
  return answer;
};

const idOf = (answer: string): string | undefined => {
  try {
    return (JSON.parse(answer) as { id?: string } | null)?.id;
  } catch {
    return undefined; // An answer that is no JSON, such as a stream of events, names no object.
  }
};

const tested = readSnippets().flatMap((snippet) => {
  const marker = parseMarker(snippet);
  return marker.kind === "run" || marker.kind === "request" ? [{ snippet, marker }] : [];
});
const pages = [...new Set(tested.map(({ snippet }) => snippet.page))];

/** The snippets of a page in their order; those in TypeScript are one program, run where the first of them stands. */
const stepsOf = (page: string): typeof tested => {
  const steps = tested.filter(({ snippet }) => snippet.page === page);
  const program = programOf(
    steps.map(({ snippet }) => snippet),
    ["run"],
  );
  const first = steps.findIndex(({ snippet }) => snippet.language === "ts");
  return steps.flatMap(({ snippet, marker }, index) => {
    if (snippet.language !== "ts") return [{ snippet, marker }];
    return index === first ? [{ snippet: { ...snippet, code: program }, marker }] : [];
  });
};

it.each(pages)("%s: its snippets run in their order", async (page) => {
  const prefix = join(folder, page.replaceAll("/", "-"));
  const steps = stepsOf(page);
  const key = await whole.newProject(page.replaceAll(/\W/g, "-"));
  if (steps.some(({ snippet }) => snippet.code.includes("TRACE_ID"))) {
    const body = { id: traceId, name: "docs", timestamp: "2026-11-20T12:00:00Z" };
    const batch = [{ id: "e1", type: "trace-create", timestamp: body.timestamp, body }];
    const answer = await whole.post(JSON.stringify({ batch }), { authorization: whole.authorization(key) });
    expect(answer.status).toBe(207);
    await whole.settled();
  }
  const env = {
    SNIPPET_STATE: `${prefix}.state`,
    SNIPPET_ANSWER: `${prefix}.answer`,
    SPILLWAY_DATA_DIR: whole.stack().dataDir,
    CLICKHOUSE_DB: whole.stack().clickhouseDatabase,
    // Logins of a reader stay out of those of this machine.
    XDG_CONFIG_HOME: join(folder, ".config"),
    // As the client and the command line read them.
    SPILLWAY_URL: whole.stack().apiUrl,
    SPILLWAY_PUBLIC_KEY: key.publicKey,
    SPILLWAY_SECRET_KEY: key.secretKey,
    // Everything is installed: `npm run` need not look.
    npm_config_ignore_scripts: "true",
  };
  let lastId = "none";
  for (const [index, { snippet, marker }] of steps.entries()) {
    const where = `${page}:${snippet.line}`;
    const code = filled(snippet.code, key, lastId);
    if (marker.kind === "request") {
      const answer = await send(key, marker.operationId, code, lastId).catch((error: Error) => expect.fail(`${where}: ${error.message}`));
      lastId = idOf(answer) ?? lastId;
      continue;
    }
    const { status, output } = await runShell(prelude + commandOf(snippet.language, `${page.replaceAll(/\W/g, "-")}-${index}`, code), env);
    if (status !== 0) expect.fail(`${where} ended with ${status ?? "a signal, as nothing came of it in time"}:\n${code}\n${output}`);
    if (existsSync(env.SNIPPET_ANSWER)) lastId = idOf(readFileSync(env.SNIPPET_ANSWER, "utf8")) ?? lastId;
  }
});
