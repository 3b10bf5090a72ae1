import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  entityFolder,
  groupFileName,
  isOtelKey,
  otelKeysEnd,
  otelRequestKey,
  projectPrefix,
  safeBlobKeySegment,
} from "../../../core/ingestion/blob-key.ts";
import { numRuns, seed } from "./arriving.ts";

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
const segmentOf = (id: string, bytesMax = 100) => safeBlobKeySegment(id, bytesMax, sha256Hex);
const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const hashOf = (id: string) => sha256Hex(id).slice(0, 16);

describe("a safe segment", () => {
  it.each([
    "a",
    "b7f1c2d4-0000-4000-8000-1234567890ab",
    "otel-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
    "a b?c#d%2F=é👩",
    ".hidden",
    "..a",
  ])("of %j is the id itself", (id) => {
    expect(segmentOf(id)).toBe(id);
  });

  it.each([
    ["a/b", "a_b"],
    ["../../etc", ".._.._etc"],
    ["a\\b", "a_b"],
    ["a\u0000b\u0085\n", "a_b__"],
    ["a\ud83d", "a_"],
    [".", "."],
    ["..", ".."],
    ["...", "..."],
    ["", ""],
    ["a_0123456789abcdef", "a_0123456789abcdef"],
  ])("of %j ends in the hash of the id", (id, beginning) => {
    expect(segmentOf(id)).toBe(`${beginning}_${hashOf(id)}`);
  });

  it("has exactly the bytes it may have, and one more is cut with a hash", () => {
    expect(segmentOf("x".repeat(100))).toBe("x".repeat(100));
    expect(segmentOf("x".repeat(101))).toBe(`${"x".repeat(83)}_${hashOf("x".repeat(101))}`);
    expect(segmentOf("/".repeat(100))).toBe(`${"_".repeat(83)}_${hashOf("/".repeat(100))}`);
  });

  it("is cut between characters of UTF-8", () => {
    // 82 bytes of x, then characters of 2 and 4 bytes, of which the 83rd byte holds none whole.
    expect(segmentOf(`${"x".repeat(82)}${"é".repeat(50)}`)).toMatch(/^x{82}_[0-9a-f]{16}$/);
    expect(segmentOf(`${"x".repeat(81)}${"👩".repeat(50)}`)).toMatch(/^x{81}_[0-9a-f]{16}$/);
    expect(segmentOf("👩".repeat(50))).toMatch(/^(👩){20}_[0-9a-f]{16}$/u);
  });

  const id = fc
    .array(fc.constantFrom("a", "/", "_", "\\", ".", "é", "👩", "\u0000", "\ud800", "_0123456789abcdef", "x".repeat(60)), { maxLength: 6 })
    .map((parts) => parts.join(""));

  it("is the same for the same id, and another for another", () => {
    fc.assert(
      fc.property(id, id, fc.integer({ min: 64, max: 2048 }), (a, b, bytesMax) => {
        expect(segmentOf(a, bytesMax) === segmentOf(b, bytesMax)).toBe(a === b);
      }),
      { seed, numRuns: numRuns * 5 },
    );
  });

  it("of the segment of another id is not that segment", () => {
    fc.assert(
      fc.property(id, (first) => {
        const segment = segmentOf(first);
        if (segment !== first) expect(segmentOf(segment)).not.toBe(segment);
      }),
      { seed, numRuns },
    );
  });

  it("never is too long, empty, a path of its own, or no UTF-8", () => {
    fc.assert(
      fc.property(fc.oneof(id, fc.string({ unit: "binary", maxLength: 300 })), fc.integer({ min: 64, max: 200 }), (text, bytesMax) => {
        const segment = segmentOf(text, bytesMax);
        expect(bytesOf(segment)).toBeLessThanOrEqual(bytesMax);
        expect(segment).toMatch(/^[^/\\\p{Cc}]+$/u);
        expect(segment.isWellFormed()).toBe(true);
        expect(/^\.*$/.test(segment)).toBe(false);
      }),
      { seed, numRuns },
    );
  });
});

describe("the folder of an entity", () => {
  it("is no beginning of the folder of another", () => {
    const folderOf = (entityId: string) =>
      entityFolder({ prefix: "events/", projectId: "p", entityType: "trace", entityId }, 100, sha256Hex);
    expect(folderOf("a")).toBe("events/p/trace/a/");
    expect(folderOf("ab").startsWith(folderOf("a"))).toBe(false);
    expect(folderOf("a/b").startsWith(folderOf("a"))).toBe(false);
  });
});

describe("the name of a file", () => {
  const nameOf = (...ids: string[]) => groupFileName(ids, 100, sha256Hex);

  it("is the id of the one event, with room for the extension", () => {
    expect(nameOf("e1")).toBe("e1.json");
    expect(nameOf("e1", "e1")).toBe("e1.json");
    expect(nameOf("x".repeat(95))).toBe(`${"x".repeat(95)}.json`);
    expect(bytesOf(nameOf("x".repeat(96)))).toBe(100);
    expect(bytesOf(nameOf("x".repeat(800), "y"))).toBe(100);
    expect(nameOf("..")).toBe(`.._${hashOf("..")}.json`);
  });

  it("of several events begins with the first, and is the same for the same events only", () => {
    expect(nameOf("e1", "e2")).toMatch(/^e1_[0-9a-f]{16}\.json$/);
    expect(nameOf("e1", "e2", "e3")).toBe(nameOf("e1", "e3", "e2", "e1"));
    expect(new Set([nameOf("e1"), nameOf("e1", "e2"), nameOf("e1", "e3"), nameOf("e1", "e2", "e3"), nameOf("e1", "e2,e3")]).size).toBe(5);
    expect(nameOf(nameOf("e1", "e2").slice(0, -5))).not.toBe(nameOf("e1", "e2"));
  });
});

describe("keys of OpenTelemetry requests", () => {
  const owner = { prefix: "events/", projectId: "p1" };

  it("name project and minute, so that they sort by time", () =>
    expect(otelRequestKey({ ...owner, atMs: Date.UTC(2026, 4, 1, 12, 0, 59), id: "r1" })).toBe("events/otel/p1/2026/05/01/12/00/r1.json"));

  it("lie below the end of their time exactly when they arrived before its minute", () => {
    const minute = 60_000;
    const anyMs = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) });
    fc.assert(
      fc.property(anyMs, anyMs, (atMs, beforeMs) => {
        const isBefore = otelRequestKey({ ...owner, atMs, id: "r" }) < otelKeysEnd({ ...owner, beforeMs });
        expect(isBefore).toBe(Math.floor(atMs / minute) < Math.floor(beforeMs / minute));
      }),
      { seed, numRuns },
    );
  });

  it("are told from files of events, also of a project called otel", () => {
    expect(isOtelKey(otelRequestKey({ ...owner, atMs: 0, id: "r" }))).toBe(true);
    expect(isOtelKey(`${projectPrefix(owner)}trace/t/e.json`)).toBe(false);
  });
});
