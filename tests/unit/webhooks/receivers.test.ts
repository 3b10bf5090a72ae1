/** The receivers of docs/webhooks.md, run as they are printed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sampleBody, sampleTimestamp } from "../../../core/webhooks/samples.ts";
import { openSigner, signedHeaders } from "../../../core/webhooks/signing-key.ts";
import { freePort } from "../../../local/free-port.ts";
import { repositoryRoot } from "../../../local/service.ts";

const page = readFileSync(join(repositoryRoot, "docs/webhooks.md"), "utf8");
const programOf = (language: string): string => new RegExp(`^\`\`\`${language} [^\\n]*\\n([\\s\\S]*?)^\`\`\``, "m").exec(page)?.[1] ?? "";
const folder = mkdtempSync(join(tmpdir(), "spillway-receivers-"));
const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
  rmSync(folder, { recursive: true, force: true });
});

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=";
const body = sampleBody("export.completed", sampleTimestamp);

/** Starts the program and resolves once it accepts connections. */
const start = async (command: string, file: string, program: string) => {
  const path = join(folder, file);
  writeFileSync(path, program);
  const port = await freePort();
  const child = spawn(command, [path], { env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) } });
  let printed = "";
  child.stdout.on("data", (data: Buffer) => {
    printed += data.toString();
  });
  child.stderr.on("data", () => {});
  const isOver = new Promise<never>((_, reject) => child.once("exit", () => reject(new Error(`${file} ended`))));
  isOver.catch(() => {});
  ends.push(() => child.kill());
  const url = `http://127.0.0.1:${port}/`;
  for (;;) {
    const isThere = await Promise.race([
      fetch(url, { method: "POST", body: "" }).then(
        () => true,
        () => false,
      ),
      isOver,
    ]);
    if (isThere) return { url, printed: () => printed };
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
};

describe.each([
  ["js", "node", "receiver.mjs"],
  ["python", "python3", "receiver.py"],
])("the receiver in %s", (language, command, file) => {
  it("takes a genuine request once, and refuses altered and old ones", async () => {
    const { url, printed } = await start(command, file, programOf(language));
    const sign = await openSigner(secret);
    const other = await openSigner("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    const post = async (timestampSeconds: number, sent = body, signers = [sign]) =>
      (await fetch(url, { method: "POST", body: sent, headers: await signedHeaders({ id: "evt_1", timestampSeconds, body }, signers) }))
        .status;
    const nowSeconds = Math.floor(Date.now() / 1000);
    expect(await post(nowSeconds)).toBe(204);
    expect(await post(nowSeconds, body, [other, sign])).toBe(204);
    expect(await post(nowSeconds, `${body} `)).toBe(400);
    expect(await post(nowSeconds, body, [other])).toBe(400);
    expect(await post(nowSeconds - 600)).toBe(400);
    expect((await fetch(url, { method: "POST", body })).status).toBe(400);
    while (!printed().includes("\n")) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(printed()).toBe("export.completed exp_sample\n");
  });
});
