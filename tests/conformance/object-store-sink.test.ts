import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type EgressPolicy, strictEgressPolicy } from "../../core/egress/egress-policy.ts";
import { createS3Client, type S3Deps } from "../../db/object-store/s3-client.ts";
import { elementsOf, parseXml, rootOf, textOf } from "../../db/object-store/xml.ts";
import { createGuardedFetch } from "../../runner/egress/guarded-fetch.ts";
import { createObjectStoreSink } from "../../runner/transfer/sinks/object-store-sink.ts";
import { type FaultStore, startFaultStore } from "../support/fault-store.ts";
import { describeFileSink, type SinkUnderTest } from "./file-sink.ts";

let faults: FaultStore;
beforeAll(async () => {
  faults = await startFaultStore(inject("s3").endpoint);
});
afterAll(() => faults.stop());

const partSizeBytes = 5 * 1024 * 1024;
const patient = { wait: () => Promise.resolve(), random: () => 0 };
const local: EgressPolicy = { hosts: [{ name: "127.0.0.1", port: null }], ranges: [], ports: [[1, 65_535]], allowsHttp: true };

describe.each([
  ["our bucket", fetch],
  ["a customer's bucket, by the guarded fetch", createGuardedFetch({ policy: local })],
])("%s", (name, fetchOf) => describeFileSink(name, () => subjectWith({ ...patient, fetch: fetchOf })));

describe.each([
  ["fetch", fetch],
  ["the guarded fetch", createGuardedFetch({ policy: local })],
])("a part by %s", (_, fetchOf) => {
  it("tells its length before its bytes, as stores require, and its own CRC-32", async () => {
    faults.fail(() => undefined);
    const before = faults.calls.length;
    const bytes = Uint8Array.from({ length: partSizeBytes + 12_345 }, (__, at) => (at * 31) >>> 3);
    const upload = subjectWith({ ...patient, fetch: fetchOf })
      .createSink()
      .open(fileAt(`part-${crypto.randomUUID()}`));
    await upload.write(bytes);
    await upload.finish();
    const parts = faults.calls.slice(before).filter(({ kind }) => kind === "part");
    expect(parts).toHaveLength(2);
    for (const { headers, partNumber } of parts) {
      const sent = bytes.subarray((partNumber - 1) * partSizeBytes, partNumber * partSizeBytes);
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32BE(crc32(sent));
      expect([headers["content-length"], headers["transfer-encoding"]]).toEqual([String(sent.byteLength), undefined]);
      expect(headers["x-amz-checksum-crc32"]).toBe(checksum.toString("base64"));
    }
  });
});

const fileAt = (key: string) => ({
  key,
  contentType: "text/plain",
  contentDisposition: "attachment",
  resumed: null,
  onStarted: async () => {},
  onPart: () => {},
  onCompleting: async () => {},
  signal: new AbortController().signal,
});

const subjectWith = (deps: S3Deps): SinkUnderTest => {
  const config = { ...inject("s3"), forcePathStyle: true };
  // Reads go past the faults.
  const reader = createS3Client(config, deps);
  return {
    partSizeBytes,
    faults,
    createSink: (more = {}) =>
      createObjectStoreSink({
        s3: createS3Client(
          {
            ...config,
            endpoint: faults.endpoint,
            ...(more.isSecretWrong === true ? { secretAccessKey: "wrong" } : {}),
            ...(more.isBucketMissing === true ? { bucket: "no-such-bucket" } : {}),
          },
          deps,
        ),
        partSizeBytes: more.partSizeBytes ?? partSizeBytes,
        partsInFlightMax: 3,
        checksum: "crc32",
        crc32,
      }),
    read: async (key) => {
      const head = await reader.send({ method: "HEAD", key, accept: [404] });
      if (head.status === 404) return null;
      const answer = await fetch(`${config.endpoint}/${config.bucket}/${key}`);
      return Buffer.from(await answer.arrayBuffer());
    },
    countUploads: async (key) => {
      const { text } = await reader.send({ method: "GET", key: "", query: { uploads: "", prefix: key } });
      return elementsOf(rootOf(parseXml(text))?.root, "Upload").filter((upload) => textOf(upload, "Key") === key).length;
    },
  };
};

describe("a store at an address that is not allowed", () => {
  const closedTo = (policy: EgressPolicy) => {
    const { createSink } = subjectWith({ ...patient, fetch: createGuardedFetch({ policy }) });
    const upload = createSink().open(fileAt("refused"));
    return async () => {
      await upload.write(new Uint8Array(partSizeBytes + 1));
      await upload.finish();
    };
  };

  it.each([
    ["nothing is allowed", strictEgressPolicy, "EGRESS_INVALID_URL"],
    ["http is", { ...strictEgressPolicy, allowsHttp: true }, "EGRESS_BLOCKED"],
    ["its port is", { ...local, hosts: [] }, "EGRESS_BLOCKED"],
    ["another host is", { ...local, hosts: [{ name: "minio.internal", port: null }] }, "EGRESS_BLOCKED"],
  ])("is sent nothing when %s", async (_, policy, code) => {
    const before = faults.calls.length;
    await expect(closedTo(policy)()).rejects.toMatchObject({ code });
    expect(faults.calls).toHaveLength(before);
  });
});
