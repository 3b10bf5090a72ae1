/** Compressed files for readers that know of one member alone: DecompressionStream of browsers, one-shot decompressors. */
import { constants, createGunzip } from "node:zlib";
import { decompress } from "fzstd";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
const largeRows = 20_000;

beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ SPILLWAY_SLICE_MIB: "8" });
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts)
     SELECT '${fixture.projectId}', 't', concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(number), if(number < 2, 'small', 'large'),
       repeat(concat('payload ', toString(number), ' '), 80), now64(6) FROM numbers(${largeRows})`,
  );
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const small = [{ column: "name", type: "string", operator: "=", value: "small" }];
const none = [{ column: "name", type: "string", operator: "=", value: "nobody" }];

const exported = async (request: object, filter: object[] | null) => {
  const row = await fixture.finished(
    await fixture.requestExport({ ...request, query: { tableName: "events", columns: ["id", "name", "input"], filter } }),
  );
  expect([row.status, row.log]).toEqual(["COMPLETED", null]);
  const [file] = row.manifest?.files ?? [];
  return { row, file, bytes: await fixture.readObject(file?.key ?? "") };
};

/** As a browser does: refuses whatever follows the first member. */
const inBrowser = (bytes: Buffer): Promise<string> =>
  new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"))).text();

/** The length of the first gzip member. */
const firstMemberOf = (bytes: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    gunzip
      .on("error", reject)
      .on("end", () => resolve(gunzip.bytesWritten))
      .resume()
      .end(bytes);
  });

describe.each(["CSV", "JSON", "JSONL"] as const)("a small export as %s", (format) => {
  it.each([
    ["two rows", small],
    ["no row", none],
  ])("with gzip, %s, is read whole by readers of one member", async (_, filter) => {
    const { file, bytes, row } = await exported({ format, compression: "gzip" }, filter);
    const plain = await exported({ format }, filter);
    expect(await inBrowser(bytes)).toBe(plain.bytes.toString("utf8"));
    expect(file?.isOneMember).toBe(true);
    expect(row.rows).toBe(plain.row.rows);
    expect(plain.file).not.toHaveProperty("isOneMember");
  });

  it("with zstd is one frame that tells its size", async () => {
    const { file, bytes } = await exported({ format, compression: "zstd" }, small);
    const plain = await exported({ format }, small);
    expect(Buffer.from(decompress(bytes)).toString("utf8")).toBe(plain.bytes.toString("utf8"));
    // RFC 8878, 3.1.1.1: Single_Segment_flag or Frame_Content_Size_flag; then the size is there.
    expect((bytes.readUInt8(4) & 0b11100000) !== 0).toBe(true);
    expect(file?.isOneMember).toBe(true);
  });
});

describe("a large export", () => {
  it.each(["JSON", "JSONL"] as const)("as %s has several members, and the manifest says so", async (format) => {
    const { file, bytes } = await exported({ format, compression: "gzip" }, null);
    expect(file?.isOneMember).toBe(false);
    expect(await firstMemberOf(bytes)).toBeLessThanOrEqual(bytes.byteLength);
  });
});
