import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, isPatternMatch } from "../../../core/models/compile-pattern.ts";

describe("patterns mean what Postgres means by them", () => {
  it.each<[string, string[], string[]]>([
    ["(?i)^(gpt-4o)$", ["gpt-4o", "GPT-4O"], ["gpt-4o-mini", "x gpt-4o", "gpt-4"]],
    ["^gpt-4o$", ["gpt-4o"], ["GPT-4O"]],
    ["gpt", ["my-gpt-4", "gpt"], ["gp"]],
    [
      "(?i)^(openai\\/)?(gpt-3.5-turbo)(-\\d{4})?$",
      ["gpt-3.5-turbo", "openai/gpt-3x5-turbo-0125"],
      ["gpt-3.5-turbo-16k", "gpt-3.5-turbo-01256"],
    ],
    [
      "(?i)^(anthropic\\/)?(claude-opus-4(-20250514)?|(eu\\.|us\\.)?anthropic\\.claude-opus-4(-20250514)?-v1(:0)?|claude-opus-4(@20250514)?)$",
      ["claude-opus-4", "anthropic/claude-opus-4-20250514", "us.anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4@20250514"],
      ["claude-opus-4-1", "uk.anthropic.claude-opus-4-v1"],
    ],
    ["(?i)^(ft:)?(gpt-4o:.+:.+:.*)$", ["ft:gpt-4o:org:name:id", "gpt-4o:a:b:"], ["gpt-4o:a:b"]],
    ["^(a|b)*c$", ["c", "abac"], ["abad", "d"]],
    ["^(a*)*b$", ["b", "aaab"], ["aaa"]],
    ["^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]],
    ["^a{2,}$", ["aa", "aaaaa"], ["a"]],
    ["^a{0}b$", ["b"], ["ab"]],
    ["^a+?b??$", ["a", "aab"], ["b", ""]],
    ["^[^a-c]$", ["d", "-"], ["a", "b", ""]],
    ["^[]a-]$", ["]", "a", "-"], ["b"]],
    ["^[[:digit:]x]+$", ["1x2"], ["y"]],
    ["(?i)^[A-C]$", ["a", "B"], ["d"]],
    ["(?i)^é$", ["É", "é"], ["e"]],
    ["^\\w+\\s\\S$", ["ab c"], ["ab  "]],
    ["^.$", ["👩", "\n"], ["", "ab"]],
    ["", ["", "anything"], []],
    ["^$", [""], ["a"]],
    ["a|", ["", "b"], []],
    ["\\A\\u0061\\Z", ["a"], ["b"]],
    ["(?c)^A$", ["A"], ["a"]],
  ])("%s", (pattern, matching, other) => {
    const matches = compilePattern(pattern);
    for (const text of matching) expect(matches?.(text), text).toBe(true);
    for (const text of other) expect(matches?.(text), text).toBe(false);
  });

  it("that are not understood do not compile and match nothing", () => {
    for (const pattern of [
      "(",
      ")",
      "[",
      "[a",
      "a**",
      "*",
      "(?=a)",
      "(?!a)",
      "(a)\\1",
      "\\bx",
      "(?x)a",
      "a{3,2}",
      "a{999}",
      "[z-a]",
      "[[:nope:]]",
      "^*",
      "\\",
    ]) {
      expect(compilePattern(pattern), pattern).toBeUndefined();
      expect(isPatternMatch(pattern, "a")).toBe(false);
    }
  });

  it("agree with JavaScript on what both understand", () => {
    const literal = fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\d", "(?:ab|c)");
    const part = fc.tuple(literal, fc.constantFrom("", "?", "*", "+", "{1,2}")).map((both) => both.join(""));
    const sequence = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
    const group = fc.tuple(sequence, sequence, fc.constantFrom("", "*", "?")).map(([a, b, times]) => `(${a}|${b})${times}`);
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(fc.oneof(sequence, group), { maxLength: 3 }), fc.constantFrom("", "$"))
      .map(([start, parts, end]) => start + parts.join("") + end);
    fc.assert(
      fc.property(
        pattern,
        fc.array(fc.constantFrom("a", "b", "c", "1", "A"), { maxLength: 8 }),
        fc.boolean(),
        (source, chars, isCaseSensitive) => {
          const text = chars.join("");
          expect(compilePattern(source, { isCaseSensitive })?.(text)).toBe(new RegExp(source, isCaseSensitive ? "su" : "sui").test(text));
        },
      ),
      { numRuns: 2000, seed: Number(process.env["FC_SEED"] ?? 20_260_102) },
    );
  });
});

describe("no pattern takes the process down", () => {
  it.each(["^(a+)+$", "^(a|a)*$", "^(.*)*x$", "(a*)*(a*)*(a*)*b", ".*.*.*.*.*.*.*.*x", "^(a?){200}a{200}$", "^((a{1,100}){1,15})*$"])(
    "%s is answered at once",
    (pattern) => {
      const matches = compilePattern(pattern);
      const start = performance.now();
      matches?.(`${"a".repeat(450)}!`);
      expect(performance.now() - start).toBeLessThan(2000);
    },
  );

  it("one that is too long, too deep or too large does not compile", () => {
    expect(compilePattern("a".repeat(2001))).toBeUndefined();
    expect(compilePattern(`${"(".repeat(900)}${")".repeat(900)}`)).toBeUndefined();
    expect(compilePattern("((a{255}){255}){255}")).toBeUndefined();
  });

  it("a name that is too long matches nothing", () => {
    expect(isPatternMatch("a", "a".repeat(501))).toBe(false);
  });
});
