import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publicKeyFolder, publicKeyFolderOf } from "../../../core/ingestion/blob-key.ts";
import { countingFiles, mayWriteBeside } from "../../../core/ingestion/merge/counting-files.ts";

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
const folder = "p/score/s/";
const byKey = (publicKey: string | undefined, name: string): string =>
  `${folder}${publicKey === undefined ? "" : publicKeyFolder(publicKey, sha256Hex)}${name}.json`;

const file = fc.record({
  sender: fc.constantFrom(undefined, "pk-a", "pk-b", "pk-c"),
  name: fc.constantFrom("1", "2", "3"),
  at: fc.constantFrom("2026-01-01", "2026-01-02", "2026-01-03"),
});
const files = fc
  .uniqueArray(file, { selector: ({ sender, name }) => `${sender}/${name}`, maxLength: 8 })
  .map((list) => list.map(({ sender, name, at }) => ({ sender, key: byKey(sender, name), firstStoredAt: at })));

describe("files of a score that count", () => {
  it("are of secret keys where there is one, else of one public key, of which none came later than another's first", () => {
    fc.assert(
      fc.property(files, (list) => {
        const counting = countingFiles(list);
        const senders = new Set(counting.map(({ sender }) => sender));
        if (list.length === 0) return void expect(counting).toEqual([]);
        expect(senders.size).toBe(1);
        const [owner] = senders;
        expect(counting).toEqual(list.filter(({ sender }) => sender === owner));
        if (list.some(({ sender }) => sender === undefined)) return void expect(owner).toBeUndefined();
        const first = list.map(({ firstStoredAt }) => firstStoredAt).toSorted()[0];
        expect(counting.some(({ firstStoredAt }) => firstStoredAt === first)).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("are the same whatever order they are listed in", () => {
    fc.assert(
      fc.property(
        files.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(new Set(countingFiles(shuffled))).toEqual(new Set(countingFiles(list)));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it("are those of a public key that may write, before and after it has", () => {
    fc.assert(
      fc.property(files, fc.constantFrom("pk-a", "pk-b"), (list, sender) => {
        const key = byKey(sender, "new");
        const isCounting = countingFiles([...list, { sender, key, firstStoredAt: "2026-01-04" }]).some((one) => one.key === key);
        expect(mayWriteBeside(list, publicKeyFolderOf(key) ?? "")).toBe(isCounting);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("the folder of a public key", () => {
  it.each([
    "p/score/public-key-0123456789abcdef/event.json",
    "p/score/s/public-key-0123456789abcdef.json",
    "p/observation/s/public-key-0123456789abcdef/e.json",
    "p/score/s/public-key-0123/e.json",
  ])("is not that of %s", (key) => {
    expect(publicKeyFolderOf(key)).toBeUndefined();
  });
});
