/** Writes under a condition, against a store that has them: a proxy answers 412 as S3 does, where the object is there. */
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { ObjectUpload } from "../../runner/transfer/sinks/object-upload.ts";
import { type FaultStore, startFaultStore } from "../support/fault-store.ts";

const s3Config = inject("s3");
const partSizeBytes = 5 * 1024 * 1024;
let store: FaultStore;
/** The answer to the next write is lost, after the store has obeyed. */
let losesAnswer = false;

beforeAll(async () => {
  store = await startFaultStore(s3Config.endpoint);
  const present = new Set<string>();
  store.fail(({ kind, path, headers }) => {
    if (kind !== "put" && kind !== "complete") return undefined;
    const [key = ""] = path.split("?");
    if (present.has(key) && headers["if-none-match"] === "*") return { status: 412, code: "PreconditionFailed" };
    present.add(key);
    if (!losesAnswer) return undefined;
    losesAnswer = false;
    return "lostAnswer";
  });
});
afterAll(() => store.stop());

const write = async (key: string, bytes: number, fill: number): Promise<unknown> => {
  const s3 = createS3Client(
    { ...s3Config, endpoint: store.endpoint, forcePathStyle: true },
    { fetch, wait: () => Promise.resolve(), random: () => 0 },
  );
  const upload = new ObjectUpload({
    ...{ s3, partSizeBytes, partsInFlightMax: 2, checksum: "crc32", crc32, isNewOnly: true, key },
    ...{ contentType: "text/plain", contentDisposition: "attachment", resumed: null, signal: new AbortController().signal },
    onStarted: async () => {},
    onPart: () => {},
    onCompleting: async () => {},
  });
  await upload.write(new Uint8Array(bytes).fill(fill));
  return upload.finish();
};
const firstByte = async (key: string) =>
  new Uint8Array(await (await fetch(`${s3Config.endpoint}/${s3Config.bucket}/${key}`)).arrayBuffer())[0];

it.each([
  ["with one request", 10],
  ["in parts", partSizeBytes + 10],
])("an object that is there stays as it is: %s", async (how, bytes) => {
  const key = `conditional/${how.replaceAll(" ", "-")}`;
  await write(key, bytes, 1);
  await expect(write(key, bytes + 1, 2)).rejects.toMatchObject({ code: "S3_OBJECT_EXISTS" });
  expect(await firstByte(key)).toBe(1);
});

it.each([
  ["with one request", 10],
  ["in parts", partSizeBytes + 10],
])("an answer that is lost is no other object: %s", async (how, bytes) => {
  losesAnswer = true;
  const key = `conditional/lost-${how.replaceAll(" ", "-")}`;
  expect(await write(key, bytes, 3)).toMatchObject({ bytes });
  expect([await firstByte(key), losesAnswer]).toEqual([3, false]);
});
