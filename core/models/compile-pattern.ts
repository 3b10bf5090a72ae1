/**
 * Regular expressions as Postgres spells them, matched by RE2 in time linear in the text (https://github.com/le0pard/re2js, read 2026-11). What is too large for it never reaches it.
 * Bounds: 2,000 steps of the program, 500 characters of text; one match is at most steps × characters, which `patternWork` counts.
 */
import { RE2JS } from "re2js";
import { createBoundedCache } from "../bounded-cache.ts";
import { compiledStepsMax, PatternError, type TranslatedPattern, translatePattern } from "./translate-pattern.ts";

export const textLengthMax = 500;
/** Of all patterns that are kept compiled, some 100 MB at worst. */
const keptStepsMax = 400_000;
/** Compiling a step takes as long as matching so many, or less. */
const compileSteps = 100;

/**
 * Steps of matching and compiling since the process began, at most 0.1 µs each. It only grows: who gives work a budget looks before and after. Exact, because matching never waits;
 * kept here, so that pricing needs to know nothing of budgets.
 */
export const patternWork = { steps: 0 };

export type CompiledPattern = {
  /** Bound of the instructions of its program. */
  steps: number;
  /** Whether the text contains a match, as `text ~ pattern` says. Longer texts than the bound do not match. */
  isMatch: (text: string) => boolean;
};

/**
 * Only `find` without groups: it uses the engines whose memory does not grow with what they have seen, one that reads each character once (`onepass`),
 * or one that marks each pair of instruction and position it has visited.
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

/** Undefined where the pattern is not understood or too large. */
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

/** The same, remembered by pattern; a pattern that is not understood matches nothing. */
export const isPatternMatch = (pattern: string, text: string, isCaseSensitive = true): boolean =>
  kept.get(`${isCaseSensitive ? "c" : "i"}${pattern}`, () => compilePattern(pattern, { isCaseSensitive }))?.isMatch(text) ?? false;
