import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { compilePattern, isPatternMatch, patternWork } from "../../../core/models/compile-pattern.ts";
import { defaultModels } from "../../../core/models/default-models/index.ts";
import { findPatternFault, PatternError, translatePattern } from "../../../core/models/translate-pattern.ts";

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
    ["(?i)^[[:upper:]]+$", ["ab", "AB"], ["a1"]],
    ["^[[:alpha:]][[:xdigit:]]$", ["éf", "xA"], ["1a", "ag"]],
    ["^[\\w.]+[^\\s]\\W$", ["é.x-", "a_1!"], ["a b"]],
    ["^[\\S\\s][\\D]$", ["\n-", "aa"], ["a1"]],
    ["^\\S\\D\\W$", ["xx-"], ["x1-", " x-", "xxx"]],
    ["^a$", ["a"], ["a\n", "b\na"]],
    ["^{$", ["{"], ["a"]],
    ["^a{,3}$", ["a{,3}"], ["aa"]],
  ])("%s", (pattern, matching, other) => {
    const compiled = compilePattern(pattern);
    for (const text of matching) expect(compiled?.isMatch(text), text).toBe(true);
    for (const text of other) expect(compiled?.isMatch(text), text).toBe(false);
  });

  it.each<[string, RegExp]>([
    ["(", /does not end/],
    [")", /never began/],
    ["[", /ends early/],
    ["[a", /ends early/],
    ["a**", /repeated/],
    ["*", /repetition of nothing/],
    ["(?=a)", /look-ahead/],
    ["(?!a)", /look-ahead/],
    ["(?<=a)b", /look-behind/],
    ["(?<!a)b", /look-behind/],
    ["(?P<name>a)", /named group/],
    ["(a)\\1", /back reference/],
    ["\\bx", /word boundary/],
    ["\\yx", /word boundary/],
    ["\\mx\\M", /word boundary/],
    ["[[:<:]]x", /class of characters/],
    ["\\p{L}", /escape/],
    ["(?x)a", /flag x/],
    ["a(?i)b", /not at the beginning/],
    ["a{3,2}", /wrong bounds/],
    ["a{999}", /more than 255/],
    ["[z-a]", /backwards/],
    ["[[:nope:]]", /class of characters/],
    ["[[.a.]]", /collating/],
    ["^*", /anchor/],
    ["\\", /ends early/],
    ["\\uD800", /code point/],
  ])("%s is not understood and matches nothing", (pattern, fault) => {
    expect(findPatternFault(pattern, 300)).toMatch(fault);
    expect(compilePattern(pattern)).toBeUndefined();
    expect(isPatternMatch(pattern, "a")).toBe(false);
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
          expect(compilePattern(source, { isCaseSensitive })?.isMatch(text)).toBe(
            new RegExp(source, isCaseSensitive ? "su" : "sui").test(text),
          );
        },
      ),
      { numRuns: 2000, seed: Number(process.env["FC_SEED"] ?? 20_260_102) },
    );
  });
});

describe("patterns of price tables", () => {
  /** Shapes of https://github.com/langfuse/langfuse/blob/main/worker/src/constants/default-model-prices.json (read 2026-11). */
  it.each([
    ["(?i)^(openai\\/)?(gpt-4o)$", "openai/gpt-4o"],
    ["(?i)^(openai/)?(gpt-5.6-sol)$", "GPT-5.6-sol"],
    ["(?i)^(openai\\/)?(gpt-4(-\\d{4})?-vision-preview)$", "gpt-4-1106-vision-preview"],
    ["(?i)^(openai\\/)?(gpt-)(35|3.5)(-turbo-16k-0613)$", "gpt-35-turbo-16k-0613"],
    ["(?i)^(openai\\/)?(gpt-5.5(-2026-04-23)?)$", "gpt-5.5"],
    ["(?i)^(ft:)(gpt-3.5-turbo-1106:)(.+)(:)(.*)(:)(.+)$", "ft:gpt-3.5-turbo-1106:acme::7p4lURel"],
    ["(?i)^(anthropic\\/)?(claude-instant-1.2)$", "claude-instant-1.2"],
    [
      "(?i)^(anthropic\\/)?(claude-opus-4-6|(eu\\.|us\\.|apac\\.)?anthropic\\.claude-opus-4-6-v1(:0)?|claude-opus-4-6)$",
      "apac.anthropic.claude-opus-4-6-v1:0",
    ],
    ["(?i)^(google(ai)?\\/)?(gemini-3.1-flash-lite-preview)$", "googleai/gemini-3.1-flash-lite-preview"],
    ["(?i)^(google(ai)?/)?(gemini-1.0-pro-latest)(@[a-zA-Z0-9]+)?$", "gemini-1.0-pro-latest@001"],
    ["(?i)^(anthropic/)?claude-opus-4-8\\[1m\\]$", "claude-opus-4-8[1m]"],
  ])("%s can be made and matches", (pattern, name) => {
    expect(findPatternFault(pattern, 300)).toBeUndefined();
    expect(isPatternMatch(pattern, name)).toBe(true);
    expect(isPatternMatch(pattern, `${name}\n`)).toBe(pattern.includes(".+)$"));
  });

  it("our own can be made, and one name costs all of them together little", () => {
    for (const { matchPattern, modelName } of defaultModels) {
      expect(findPatternFault(matchPattern, 300), matchPattern).toBeUndefined();
      expect(isPatternMatch(matchPattern, modelName), matchPattern).toBe(true);
    }
    const name = "a name that none of them matches";
    const before = patternWork.steps;
    for (const { matchPattern } of defaultModels) isPatternMatch(matchPattern, name);
    expect(patternWork.steps - before).toBeLessThan(defaultModels.length * (name.length + 1) * 100);
  });
});

const piece = fc.constantFrom(
  ..."ab01.-_/ é👩|()[]^${}*+?\\",
  ...[
    "(?:",
    "(?i)",
    "[^",
    "[a-z]",
    "[[:alpha:]]",
    "[[:punct:]",
    "\\d",
    "\\W",
    "\\s",
    "[\\S]",
    "{0}",
    "{2}",
    "{1,3}",
    "{0,}",
    "{255}",
    "\\A",
    "\\Z",
    "\\u00e9",
    "()",
    "(|a)",
    "(a*)*",
    "??",
  ],
);
const anyPattern = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
const seed = Number(process.env["FC_SEED"] ?? 20_260_102);

describe("no pattern takes the process down", () => {
  it("one that is understood compiles, to no more steps than were foreseen", () => {
    let understood = 0;
    fc.assert(
      fc.property(anyPattern, fc.boolean(), (pattern, isCaseSensitive) => {
        if (findPatternFault(pattern, 300) !== undefined) return;
        understood++;
        const { source, steps, isCaseSensitive: isSensitive } = translatePattern(pattern, { isCaseSensitive, stepsMax: 300 });
        const flags = RE2JS.DOTALL | (isSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
        expect(RE2JS.compile(source, flags).programSize(), source).toBeLessThanOrEqual(steps);
      }),
      { numRuns: 2000, seed },
    );
    expect(understood).toBeGreaterThan(200);
  });

  it("and matches any text, with halves of surrogate pairs and without", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.array(fc.constantFrom("\ud800", "\udc00", "a", "👩"), { maxLength: 9 }).map((units) => units.join("")),
    );
    fc.assert(
      fc.property(anyPattern, text, (pattern, one) => {
        expect(typeof (compilePattern(pattern)?.isMatch(one) ?? false)).toBe("boolean");
      }),
      { numRuns: 500, seed },
    );
  });

  it.each([
    ["nested repetition of nothing", "(((((((){255}){255}){255}){255}){255}){255}){255}"],
    ["nested repetition of what may be nothing", "(((((((|){255}){255}){255}){255}){255}){255}){255}"],
    ["nested repetition of an anchor", "((((((($){255}){255}){255}){255}){255}){255}){255}"],
    ["nested endless repetition", "(((((((a*){255,})*){255,})*){255,})*){255,}"],
    ["nested repetition of a letter", "((a{255}){255}){255}"],
    ["nested optional repetition", "(((a?){0,255}){0,255}){0,255}"],
    ["empty groups side by side", "(){100}".repeat(70)],
    ["hundreds of alternatives", Array.from({ length: 240 }, () => "x").join("|")],
    ["hundreds of empty alternatives", "|".repeat(499)],
    ["classes of all letters", "[[:alpha:]]".repeat(45)],
    ["classes side by side", "[\\w\\s\\d]".repeat(60)],
    ["a class of many ranges", `[${"\u{10000}-\u{10ffff}".repeat(90)}]`],
  ])("%s is refused before an engine sees it", (_, pattern) => {
    expect(findPatternFault(pattern, 300)).toMatch(/more than 300 steps|anchor|repetition/);
  });

  it("one that is too long, too deep or too large does not compile", () => {
    expect(findPatternFault("a".repeat(2001), 5000)).toMatch(/2000 characters/);
    expect(findPatternFault(`${"(".repeat(900)}${")".repeat(900)}`, 5000)).toMatch(/nested/);
    expect(() => translatePattern("((a{255}){255}){255}", { stepsMax: 2000 })).toThrow(PatternError);
  });

  it.each(["^(a+)+$", "^(a|a)*$", "^(.*)*x$", "(a*)*(a*)*(a*)*b", ".*.*.*.*.*.*.*.*x", "^(a?){90}a{20}$", "^((a{1,10}){1,5})*$"])(
    "%s takes no more steps than its size times the text",
    (pattern) => {
      const compiled = compilePattern(pattern);
      const text = `${"a".repeat(450)}!`;
      const before = patternWork.steps;
      expect(compiled?.isMatch(text)).toBe(false);
      expect(patternWork.steps - before).toBeLessThanOrEqual((compiled?.steps ?? 0) * 452);
      expect(compiled?.steps).toBeLessThanOrEqual(2000);
    },
  );

  it("a name that is too long matches nothing, and costs nothing", () => {
    expect(isPatternMatch("a", "a")).toBe(true);
    const before = patternWork.steps;
    expect(isPatternMatch("a", "a".repeat(501))).toBe(false);
    expect(patternWork.steps).toBe(before);
  });
});
