import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyring } from "../../../core/integrations/sealed-secret.ts";

const keys = { a: "0a".repeat(32), b: "0b".repeat(32), c: "0c".repeat(32) };
const ring = (present: string, previous: readonly string[] = []) =>
  createKeyring({ present, previous, randomBytes: (size) => new Uint8Array(randomBytes(size)) });
const unreadable = { code: "SECRET_UNREADABLE" };

describe("a sealed secret", () => {
  it("opens to what was sealed, for any text and id", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string(), async (secret, id) => {
        const sealed = await ring(keys.a).seal(id, secret);
        expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/);
        expect(await ring(keys.a).open(id, sealed)).toBe(secret);
      }),
      { numRuns: 100 },
    );
  });

  it("differs each time, and does not contain the secret", async () => {
    const secret = "a secret of some length";
    const sealed = await Promise.all(Array.from({ length: 50 }, () => ring(keys.a).seal("int_1", secret)));
    expect(new Set(sealed).size).toBe(50);
    for (const one of sealed) expect(one).not.toContain(btoa(secret).slice(0, 10));
  });

  it("opens for no other integration", async () => {
    const sealed = await ring(keys.a).seal("int_1", "secret");
    await expect(ring(keys.a).open("int_2", sealed)).rejects.toMatchObject(unreadable);
  });

  it("opens with none of its characters changed", async () => {
    const sealed = await ring(keys.a).seal("int_1", "secret");
    for (let index = 0; index < sealed.length; index++) {
      const changed = `${sealed.slice(0, index)}${sealed[index] === "A" ? "B" : "A"}${sealed.slice(index + 1)}`;
      // The last character of base64url may hold bits that are not used.
      const opened = await ring(keys.a)
        .open("int_1", changed)
        .catch((error: unknown) => error);
      if (opened !== "secret" || index < sealed.length - 1) expect(opened).toMatchObject(unreadable);
    }
  });

  it("opens with a previous key and counts as not current until it is sealed anew", async () => {
    const sealed = await ring(keys.a).seal("int_1", "secret");
    const rotated = ring(keys.b, [keys.c, keys.a]);
    expect(await rotated.isCurrent(sealed)).toBe(false);
    expect(await rotated.open("int_1", sealed)).toBe("secret");
    const fresh = await rotated.seal("int_1", "secret");
    expect(await rotated.isCurrent(fresh)).toBe(true);
    expect(await ring(keys.b).open("int_1", fresh)).toBe("secret");
  });

  it("names the key that is missing, and none of the others", async () => {
    const sealed = await ring(keys.a).seal("int_1", "secret");
    const keyId = sealed.split(".")[1];
    await expect(ring(keys.b, [keys.c]).open("int_1", sealed)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining(String(keyId)),
    });
  });

  it("of any other text is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        await expect(ring(keys.a).open("int_1", text)).rejects.toMatchObject(unreadable);
      }),
    );
  });
});
