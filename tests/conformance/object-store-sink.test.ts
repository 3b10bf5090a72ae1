import { crc32 } from "node:zlib";
import { afterAll, beforeAll, inject } from "vitest";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { elementsOf, parseXml, rootOf, textOf } from "../../db/object-store/xml.ts";
import { createObjectStoreSink } from "../../runner/transfer/sinks/object-store-sink.ts";
import { type FaultStore, startFaultStore } from "../support/fault-store.ts";
import { describeFileSink } from "./file-sink.ts";

let faults: FaultStore;
beforeAll(async () => {
  faults = await startFaultStore(inject("s3").endpoint);
});
afterAll(() => faults.stop());

const partSizeBytes = 5 * 1024 * 1024;
const deps = { fetch, wait: () => Promise.resolve(), random: () => 0 };

describeFileSink("our bucket", () => {
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
});
