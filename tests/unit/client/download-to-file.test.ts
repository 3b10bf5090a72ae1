/** Files that the client writes: what appears under its name is whole, whoever else writes it. The port is `fetch`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SpillwayClient } from "../../../openapi/client/index.ts";
import { downloadToFile } from "../../../openapi/client/node.ts";

const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const chunkBytes = 1000;
const manifest = {
  ...{ version: 1, exportId: "bex_1", rows: 1, bytes: content.byteLength },
  files: [{ name: "f.csv", rows: 1, bytes: content.byteLength, crc32: crc32(content).toString(16).padStart(8, "0") }],
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "spillway-files-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `onDownload` runs before each download is answered. */
const clientOf = (onDownload: () => Promise<unknown> = async () => undefined) =>
  new SpillwayClient({
    baseUrl: "http://api.test",
    secretKey: "k",
    fetch: async (request) => {
      if (request.url.includes("/manifest")) return Response.json(manifest);
      await onDownload();
      let at = Number(/bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
      const stream = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          await new Promise((resolve) => setTimeout(resolve));
          if (at >= content.byteLength) return controller.close();
          controller.enqueue(new Uint8Array(content.subarray(at, at + chunkBytes)));
          at += chunkBytes;
        },
      });
      return new Response(stream, { status: request.headers.has("range") ? 206 : 200 });
    },
  });

it("a file that two calls write at the same time is whole", async () => {
  const path = join(dir, "both.csv");
  let isBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    isBegun = resolve;
  });
  const first = downloadToFile(clientOf(), "bex_1", path, { onProgress: (bytes) => bytes > 20_000 && isBegun() });
  await begun;
  const second = downloadToFile(clientOf(), "bex_1", path);
  const outcomes = await Promise.allSettled([first, second]);
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(outcomes).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
  expect(readdirSync(dir)).toEqual(["both.csv"]);
});

it("a call that finds the beginning of another's file, which is finished meanwhile, has the whole file", async () => {
  const path = join(dir, "late.csv");
  writeFileSync(`${path}.bex_1-0.part`, content.subarray(0, 5000));
  let isFirst = true;
  const slow = clientOf(async () => {
    if (!isFirst) return;
    isFirst = false;
    await downloadToFile(clientOf(), "bex_1", path);
  });
  await downloadToFile(slow, "bex_1", path);
  expect(readFileSync(path).equals(content)).toBe(true);
});

it("a call that fails before the first byte leaves nothing", async () => {
  const empty = mkdtempSync(join(dir, "empty-"));
  const client = new SpillwayClient({ baseUrl: "http://api.test", secretKey: "k", fetch: async () => new Response("", { status: 404 }) });
  await expect(downloadToFile(client, "bex_1", join(empty, "f.csv"))).rejects.toMatchObject({ status: 404 });
  expect(readdirSync(empty)).toEqual([]);
});
