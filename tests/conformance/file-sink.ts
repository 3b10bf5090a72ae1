/** What every sink of files owes (runner/transfer/sinks/file-sink.ts), as tests. A sink passes them against its real store. */
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";
import type { FileSink, FileToStore } from "../../runner/transfer/sinks/file-sink.ts";
import type { FaultStore } from "../support/fault-store.ts";

export type SinkUnderTest = {
  /** The smallest part the store takes. */
  partSizeBytes: number;
  createSink: (more?: { partSizeBytes?: number; isSecretWrong?: boolean; isBucketMissing?: boolean }) => FileSink;
  /** The content that others see under the key, or null where they see nothing. */
  read: (key: string) => Promise<Buffer | null>;
  /** Uploads of the key that are neither complete nor aborted. */
  countUploads: (key: string) => Promise<number>;
  /** What the store does wrong, as in tests/support/fault-store.ts; `calls` are those so far. */
  faults: Pick<FaultStore, "fail" | "calls">;
};

let keys = 0;

/** Bytes that differ everywhere, so that parts in the wrong order or twice are seen. */
const bytesOf = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(Math.imul(i + seed, 2654435761) >>> 0, i);
  return bytes;
};

export const describeFileSink = (name: string, subject: () => SinkUnderTest): void => {
  const ready = () => {
    const one = subject();
    one.faults.fail(() => undefined);
    return { ...one, key: `conformance/${process.pid}-${Date.now()}-${keys++}` };
  };
  const open = (sink: FileSink, key: string, more: Partial<FileToStore> = {}) => {
    const started: string[] = [];
    const parts: UploadedPart[] = [];
    const upload = sink.open({
      key,
      contentType: "text/plain",
      contentDisposition: 'attachment; filename="a.txt"',
      resumed: null,
      onStarted: async (id) => void started.push(id),
      onPart: (part) => void parts.push(part),
      onCompleting: async () => {},
      signal: new AbortController().signal,
      ...more,
    });
    const inOrder = () => parts.toSorted((a, b) => a.number - b.number);
    return { upload, started, parts: inOrder };
  };
  const crcOf = (bytes: Uint8Array) => crc32(bytes).toString(16).padStart(8, "0");

  describe(name, () => {
    it.each([
      ["empty", 0, 0],
      ["of one byte", 0, 1],
      ["of exactly one part", 1, 0],
      ["of exactly three parts", 3, 0],
      ["of three parts and a byte", 3, 1],
    ])("stores a file that is %s, with its size and CRC-32", async (_, partsFull, rest) => {
      const { createSink, partSizeBytes, read, key, countUploads } = ready();
      const bytes = bytesOf(partsFull * partSizeBytes + rest);
      const { upload, parts } = open(createSink(), key);
      for (let at = 0; at < bytes.length; at += 1_000_003) await upload.write(bytes.subarray(at, at + 1_000_003));
      expect(upload.bytes).toBe(bytes.length);
      expect(await upload.finish()).toEqual({ key, bytes: bytes.length, crc32: crcOf(bytes) });
      expect((await read(key))?.equals(bytes)).toBe(true);
      expect(await countUploads(key)).toBe(0);
      // Parts that fill the file exactly are followed by no empty one.
      for (const part of parts()) expect(part.endByte).toBe(Math.min(part.number * partSizeBytes, bytes.length));
    });

    it("records with each part the CRC-32 of the file up to its end, and up to the start of its slice", async () => {
      const { createSink, partSizeBytes, key } = ready();
      const starts = [0, 70_001, partSizeBytes, partSizeBytes + 1, 2 * partSizeBytes - 1];
      const bytes = bytesOf(3 * partSizeBytes + 9);
      const { upload, parts } = open(createSink(), key);
      for (const [slice, start] of starts.entries()) {
        upload.markSlice({ slice, rows: slice });
        await upload.write(bytes.subarray(start, starts[slice + 1]));
      }
      await upload.finish();
      expect(parts().map(({ mark }) => mark.slice)).toEqual([1, 4, 4, 4]);
      for (const { endByte, crc, mark } of parts()) {
        expect(crc).toBe(crc32(bytes.subarray(0, endByte)));
        expect(mark.startByte).toBe(starts[mark.slice]);
        expect(mark.startCrc).toBe(crc32(bytes.subarray(0, mark.startByte)));
      }
    });

    it("shows nothing before the file is complete, and asks before it does", async () => {
      const { createSink, partSizeBytes, read, key } = ready();
      const seen: unknown[] = [];
      const { upload, started } = open(createSink(), key, { onCompleting: async () => void seen.push(await read(key)) });
      await upload.write(bytesOf(2 * partSizeBytes + 5));
      await upload.reached(2 * partSizeBytes);
      expect(started).toHaveLength(1);
      expect(await read(key)).toBeNull();
      await upload.finish();
      expect(seen).toEqual([null]);
      expect(await read(key)).not.toBeNull();
    });

    it("is not completed when completing is refused", async () => {
      const { createSink, partSizeBytes, read, key } = ready();
      for (const length of [7, partSizeBytes + 7]) {
        const refused = async () => {
          throw new Error("not ours any more");
        };
        const { upload } = open(createSink(), `${key}-${length}`, { onCompleting: refused });
        await upload.write(bytesOf(length));
        await expect(upload.finish()).rejects.toThrow("not ours any more");
        expect(await read(`${key}-${length}`)).toBeNull();
        await upload.abort();
      }
    });

    it.each(["lostAnswer", "reset", "slowDown", "internalError"] as const)(
      "writes the same bytes when each request first fails by %s",
      async (fault) => {
        const { createSink, partSizeBytes, read, key, faults, countUploads } = ready();
        const failed = new Set<string>();
        faults.fail((call) => {
          const id = `${call.kind} ${call.partNumber}`;
          if (failed.has(id) || !call.path.includes(key)) return undefined;
          failed.add(id);
          return fault;
        });
        const bytes = bytesOf(2 * partSizeBytes + 11);
        const { upload } = open(createSink(), key);
        await upload.write(bytes);
        expect(await upload.finish()).toMatchObject({ bytes: bytes.length, crc32: crcOf(bytes) });
        faults.fail(() => undefined);
        expect([...failed]).toEqual(expect.arrayContaining(["create 0", "part 1", "part 2", "part 3", "complete 0"]));
        expect((await read(key))?.equals(bytes)).toBe(true);
        // Also an upload whose id was lost with the answer.
        expect(await countUploads(key)).toBe(0);
      },
    );

    it("goes on behind the parts of an upload that was left, with the part size it began with", async () => {
      const { createSink, partSizeBytes, read, key } = ready();
      const bytes = bytesOf(3 * partSizeBytes + 9);
      const first = open(createSink(), key);
      first.upload.markSlice({ slice: 0, rows: 0 });
      await first.upload.write(bytes.subarray(0, 2 * partSizeBytes + 3));
      await first.upload.reached(2 * partSizeBytes);
      await first.upload.settle();
      const [uploadId = ""] = first.started;
      const second = open(createSink({ partSizeBytes: 2 * partSizeBytes }), key, { resumed: { uploadId, parts: first.parts() } });
      expect([second.upload.bytes, second.upload.partSizeBytes]).toEqual([2 * partSizeBytes, partSizeBytes]);
      await second.upload.write(bytes.subarray(second.upload.bytes));
      expect(await second.upload.finish()).toMatchObject({ bytes: bytes.length, crc32: crcOf(bytes) });
      expect(second.started).toEqual([]);
      expect(second.parts().map(({ endByte }) => endByte)).toEqual([3 * partSizeBytes, bytes.length]);
      expect((await read(key))?.equals(bytes)).toBe(true);
    });

    it("leaves nothing behind an abort, at any stage", async () => {
      const { createSink, partSizeBytes, read, key, countUploads } = ready();
      for (const [stage, length] of [0, 10, partSizeBytes, 2 * partSizeBytes + 1].entries()) {
        const { upload } = open(createSink(), `${key}-${stage}`);
        await upload.write(bytesOf(length));
        await upload.abort();
        await expect(upload.write(bytesOf(3 * partSizeBytes))).rejects.toThrow();
        expect([await read(`${key}-${stage}`), await countUploads(`${key}-${stage}`)]).toEqual([null, 0]);
      }
    });

    it("removes a file, and an upload that nobody knows", async () => {
      const { createSink, partSizeBytes, read, key, countUploads } = ready();
      const sink = createSink();
      const whole = open(sink, key);
      await whole.upload.write(bytesOf(3));
      await whole.upload.finish();
      const left = open(sink, key);
      await left.upload.write(bytesOf(partSizeBytes));
      await left.upload.reached(partSizeBytes);
      await left.upload.settle();
      await sink.remove(key, null);
      expect([await read(key), await countUploads(key)]).toEqual([null, 0]);
      await sink.remove(key, null);
    });

    it("removes unfinished uploads of a key, and leaves the file", async () => {
      const { createSink, partSizeBytes, read, key, countUploads } = ready();
      const sink = createSink();
      const whole = open(sink, key);
      await whole.upload.write(bytesOf(3));
      await whole.upload.finish();
      const left = open(sink, key);
      await left.upload.write(bytesOf(partSizeBytes));
      await left.upload.reached(partSizeBytes);
      await left.upload.settle();
      expect(await countUploads(key)).toBe(1);
      await sink.abortUploads(key);
      expect([(await read(key))?.byteLength, await countUploads(key)]).toEqual([3, 0]);
    });

    it.each([
      ["bad credentials", { isSecretWrong: true }, "S3_ACCESS_DENIED"],
      ["a bucket that does not exist", { isBucketMissing: true }, "S3_BUCKET_NOT_FOUND"],
    ])("tells %s by code", async (_, wrong, code) => {
      const { createSink, partSizeBytes, key } = ready();
      for (const length of [5, partSizeBytes + 5]) {
        const { upload } = open(createSink(wrong), key);
        const filled = upload.write(bytesOf(length)).then(() => upload.finish());
        await expect(filled).rejects.toMatchObject({ code });
      }
    });
  });
};
