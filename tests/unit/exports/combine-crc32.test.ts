import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { combineCrc32 } from "../../../runner/transfer/sinks/combine-crc32.ts";

it("the CRC-32 of joined bytes follows from those of the halves", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
      expect(combineCrc32(crc32(a), crc32(b), b.byteLength)).toBe(crc32(Buffer.concat([a, b])));
    }),
  );
});

it("parts joined one by one give the CRC-32 of the file, also beyond 2^32 bits", () => {
  const part = new Uint8Array(16 * 1024 * 1024).fill(97);
  let running = 0;
  let combined = 0;
  for (let parts = 0; parts < 3; parts++) {
    running = crc32(part, running);
    combined = combineCrc32(combined, crc32(part), part.byteLength);
  }
  expect(combined).toBe(running);
  // 33 times as long as itself: 528 MiB, or 4.4 billion bits.
  let large = crc32(part);
  for (let parts = 1; parts < 33; parts++) large = combineCrc32(large, crc32(part), part.byteLength);
  const rest = Array.from({ length: 32 }).reduce<number>((sum) => combineCrc32(sum, crc32(part), part.byteLength), 0);
  expect(combineCrc32(crc32(part), rest, 32 * part.byteLength)).toBe(large);
});
