/**
 * Models: matches Postgres regular expressions with RE2, in linear time (https://github.com/le0pard/re2js, read 2026-11). Oversized
 * patterns never reach it. Bounds: 2,000 program steps, 500 characters of text; one match costs at most steps × characters, counted by
 * `patternWork`.
 */
import { RE2JS } from "re2js";
import { createBoundedCache } from "../bounded-cache.ts";
import { compiledStepsMax, PatternError, type TranslatedPattern, translatePattern } from "./translate-pattern.ts";

export const textLengthMax = 500;
/** Maximum for all cached compiled patterns together; some 100 MB at worst. */
const keptStepsMax = 400_000;
/** Compiling one step takes at most as long as matching this many. */
const compileSteps = 100;

/**
 * Steps of matching and compiling since the process began, at most 0.1 µs each. Only grows: a caller with a budget compares before and
 * after. Exact, because matching never awaits. Kept here so that pricing need not know of budgets.
 */
export const patternWork = { steps: 0 };

type CompiledPattern = {
  /** Upper bound of the program's instructions. */
  steps: number;
  /** Returns whether the text contains a match, like `text ~ pattern`. Texts over the length limit do not match. */
  isMatch: (text: string) => boolean;
};

/**
 * Uses only `find` without groups: it selects engines whose memory does not grow with the text, one that reads each character once
 * (`onepass`), or one that marks each visited pair of instruction and position.
 */
const compileTranslated = ({ source, isCaseSensitive, steps }: TranslatedPattern): CompiledPattern => {
  patternWork.steps += steps * compileSteps;
  const compiled = RE2JS.compile(source, RE2JS.DOTALL | (isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE));
  const stepsOfCharacter = compiled.re2().onepass === null ? steps : 1;
  return {
    steps,
    isMatch: (text) => {
      if (text.length > textLengthMax) return false;
      patternWork.steps += stepsOfCharacter * (text.length + 1);
      return compiled.matcher(text).find();
    },
  };
};

/** Returns undefined if the pattern is unsupported or too large. */
export const compilePattern = (pattern: string, { isCaseSensitive = true } = {}): CompiledPattern | undefined => {
  try {
    return compileTranslated(translatePattern(pattern, { isCaseSensitive, stepsMax: compiledStepsMax }));
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
};

const kept = createBoundedCache<string, CompiledPattern | undefined>({
  weightMax: keptStepsMax,
  weightOf: (pattern) => pattern?.steps ?? 1,
});

/** Does the same with a cache by pattern. An unsupported pattern matches nothing. */
export const isPatternMatch = (pattern: string, text: string, isCaseSensitive = true): boolean =>
  kept.get(`${isCaseSensitive ? "c" : "i"}${pattern}`, () => compilePattern(pattern, { isCaseSensitive }))?.isMatch(text) ?? false;
