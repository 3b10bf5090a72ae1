/** Secrets of new keys, which are shown once: what cannot keep one is known before one is made. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { profilesFile } from "../../../cli/user/profiles/profile-store.ts";
import { runProgram } from "../../../cli/user/run-program.ts";

const key = {
  ...{ id: "key_1", publicKey: "pk-1", displaySecretKey: "sk…", note: null, scopes: ["batchExports:read"], userId: "usr_1" },
  ...{ createdAt: "2026-11-29T00:00:00Z", expiresAt: null, lastUsedAt: null, rotatedAt: null, previousSecretExpiresAt: null },
};
let server: Server;
let url: string;
let requests: string[];
let home: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...key, secretKey: "sk-1" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  requests = [];
  home = mkdtempSync(join(tmpdir(), "spillway-keys-"));
  // Of Linux, macOS and Windows.
  for (const name of ["XDG_CONFIG_HOME", "HOME", "APPDATA"]) vi.stubEnv(name, home);
  mkdirSync(join(profilesFile(), ".."), { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const run = async (...args: string[]): Promise<{ status: number; said: string }> => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runProgram(args, {
    ...{ stdin: new PassThrough(), stdout, stderr, nowMs: Date.now, signal: new AbortController().signal },
    env: { SPILLWAY_URL: url, SPILLWAY_PUBLIC_KEY: "pk", SPILLWAY_SECRET_KEY: "sk", NO_COLOR: "1" },
  });
  return { status, said: `${String(stdout.read() ?? "")}${String(stderr.read() ?? "")}` };
};

it.each([
  ["damaged", (file: string) => writeFileSync(file, "{", { mode: 0o600 })],
  ["open to other users", (file: string) => writeFileSync(file, '{"current":null,"profiles":{}}', { mode: 0o644 })],
  ["a folder", (file: string) => mkdirSync(file)],
])("no key is made or rotated if the file of profiles is %s", async (_, spoil) => {
  spoil(profilesFile());
  for (const command of [
    ["create", "--scopes", "batchExports:read"],
    ["rotate", "key_1", "--overlap", "0s"],
  ])
    expect((await run("keys", ...command, "--store", "nightly")).status).not.toBe(0);
  expect(requests).toEqual([]);
});

it("a secret that is to be stored is stored, and not printed", async () => {
  const { status, said } = await run("keys", "rotate", "key_1", "--store", "nightly");
  expect([status, said.includes("sk-1")]).toEqual([0, false]);
  expect(JSON.parse(readFileSync(profilesFile(), "utf8"))).toMatchObject({ profiles: { nightly: { url, secretKey: "sk-1" } } });
});
