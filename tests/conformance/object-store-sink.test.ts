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
    const upload = createSink().open({
      key: "refused",
      contentType: "text/plain",
      contentDisposition: "attachment",
      resumed: null,
      onStarted: async () => {},
      onPart: () => {},
      onCompleting: async () => {},
      signal: new AbortController().signal,
    });
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
