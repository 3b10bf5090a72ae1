import fc from "fast-check";
import { expect, it } from "vitest";
import { safePath } from "../../../core/auth/safe-path.ts";

it.each(["/", "/exports", "/exports?filter=%7B%7D&page=2#row", "/a//b", "/a/../b?x=//evil.example"])(
  "%j is a path of the console",
  (path) => {
    expect(safePath(path)).toBe(path.replace("/a/..", ""));
  },
);

it.each([
  undefined,
  "",
  "exports",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "https://evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "/\t/evil.example",
  "\t//evil.example",
  "/\n/evil.example",
  " //evil.example",
  "/é",
  `/${"x".repeat(2000)}`,
])("%j leads home", (next) => {
  expect(safePath(next)).toBe("/");
});

it("whatever is given, a browser stays on the site", () => {
  const pieces = fc.constantFrom("/", "\\", ".", "..", "@", ":", "?", "#", "\t", "\n", "%2f", "%5c", "evil.example", "https:", "x");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join("")),
        fc.string(),
      ),
      (next) => {
        const path = safePath(next);
        expect([path, new URL(path, "https://console.example").origin]).toEqual([path, "https://console.example"]);
        expect(safePath(path)).toBe(path);
      },
    ),
    { numRuns: 2000 },
  );
});
