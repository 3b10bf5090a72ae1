/**
 * Usage: parses a client's usage map (`usageDetails`, `usage`, `langfuse.observation.usage_details`) to kinds and counts. A map of
 * Langfuse's and custom kinds stays unchanged; a provider's response, passed on verbatim, is interpreted by `usageSpellings`.
 */
import { isRecord } from "../is-record.ts";
import { flattenUsage, snakeCase } from "./flatten-usage.ts";
import { withoutLangchainModalities } from "./langchain-modalities.ts";
import { readCount } from "./read-count.ts";
import { findSpelling, reportedUsage } from "./reported-usage.ts";
import { resolveUsage, type UsageKinds } from "./resolve-usage.ts";
import { isInputRole, isOutputRole } from "./usage-roles.ts";

/** `isResolved`: our own code made the map, so its kinds are already disjoint. Returns undefined if nothing was counted. */
export const readUsage = (sent: Readonly<Record<string, unknown>>, { isResolved = false } = {}): UsageKinds | undefined => {
  const given = withoutLangchainModalities(unwrapped(sent));
  const paths = flattenUsage(given);
  const isProviders = [...paths.keys()].some((path) => {
    const row = findSpelling(path);
    const isWhole = row?.role === "input" || row?.role === "output" || row?.role === "total";
    return (
      row !== undefined &&
      // `Total` is not our `total`, and would be added to what it totals.
      (row.isKind !== true || (isWhole && !Object.hasOwn(given, path))) &&
      row.isSpanOnly !== true &&
      (isWhole || (path.includes(".") && row.role !== "noTokens"))
    );
  });
  if (!isProviders) return isResolved ? countsOf(given) : withoutDoubles(countsOf(given));
  const reported = reportedUsage(paths, "object");
  const usage = reported === undefined ? undefined : resolveUsage(reported);
  const own = ownKinds(given);
  if (usage === undefined || own.length === 0) return usage ?? nonEmpty(own);
  // Counts not known to be tokens are kept but not included in the total.
  const sum = Object.entries(usage).reduce((all, [kind, count]) => (kind === "total" ? all : all + count), 0);
  return nonEmpty([...own, ...Object.entries(usage), ["total", usage["total"] ?? sum]]);
};

const wrappers: ReadonlySet<string> = new Set(["usage", "token_usage", "usage_metadata"]);

/** Some pass on the object around a provider's usage: `{"token_usage": {"prompt_tokens": 3}}`. */
const unwrapped = (given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const [[name, inner] = ["", undefined], ...others] = Object.entries(given);
  return others.length === 0 && wrappers.has(snakeCase(name)) && isRecord(inner) ? inner : given;
};

const nonEmpty = (entries: readonly (readonly [string, number])[]): UsageKinds | undefined =>
  entries.length === 0 ? undefined : Object.fromEntries(entries);

/** Keeps kinds as named, and drops those known not to count tokens. */
const countsOf = (given: Readonly<Record<string, unknown>>): UsageKinds | undefined =>
  nonEmpty(
    Object.entries(given).flatMap(([kind, value]): [string, number][] => {
      const count = readCount(value);
      const row = findSpelling(snakeCase(kind));
      return count === undefined || (row?.role === "noTokens" && row.isSpanOnly !== true) ? [] : [[kind, count]];
    }),
  );

/** Names that do not count tokens, or that name part of a whole: neither may be added to anything. */
const noKindName =
  /(^|_)(time|latency|duration|seconds?|ms|costs?|usd|price|credits?)($|_)|^(input|output|prompt|completion|total|cached?)(_|$)/;

const ownKinds = (given: Readonly<Record<string, unknown>>): [string, number][] =>
  Object.entries(given).flatMap(([kind, value]): [string, number][] => {
    const count = readCount(value);
    const name = snakeCase(kind);
    const row = findSpelling(name);
    return count === undefined || (row !== undefined && row.isSpanOnly !== true) || noKindName.test(name) ? [] : [[kind, count]];
  });

/**
 * Kinds are disjoint in Langfuse's model. But if the reported total equals input plus output, a side's other kinds are parts of it; and if
 * it is not the sum of all kinds, a kind named in two spellings counts once.
 */
const withoutDoubles = (kinds: UsageKinds | undefined): UsageKinds | undefined => {
  if (kinds === undefined) return undefined;
  const single = withoutWritesTwice(withoutRepeats(kinds));
  const { input, output = 0, total } = single;
  if (input === undefined || total === undefined) return single;
  const sumOf = (isSide: typeof isInputRole, whole: string) =>
    Object.entries(single).reduce((sum, [kind, count]) => {
      const row = kind === whole ? undefined : findSpelling(snakeCase(kind));
      return row?.isKind === true && isSide(row.role) ? sum + count : sum;
    }, 0);
  const [inputParts, outputParts] = [sumOf(isInputRole, "input"), sumOf(isOutputRole, "output")];
  const readings = [
    [0, 0],
    [inputParts, 0],
    [0, outputParts],
    [inputParts, outputParts],
  ] as const;
  const fits = readings.find(
    ([within, withinOutput]) =>
      within <= input && withinOutput <= output && input + inputParts - within + output + outputParts - withinOutput === total,
  );
  if (fits === undefined) return single;
  return { ...single, input: input - fits[0], ...(single["output"] === undefined ? {} : { output: output - fits[1] }) };
};

/** Writes to a cache that are told as a sum and by lifetime count by lifetime, unless the reported total holds both. */
const withoutWritesTwice = (kinds: UsageKinds): UsageKinds => {
  let [sum, lifetimes, all] = [0, 0, 0];
  let write: string | undefined;
  for (const [kind, count] of Object.entries(kinds)) {
    const role = findSpelling(snakeCase(kind))?.role;
    if (role !== "total") sum += count;
    if (role === "cacheWrite5m" || role === "cacheWrite1h") lifetimes += count;
    if (role === "cacheWrite" && count > 0) [write, all] = [kind, count];
  }
  return write === undefined || all !== lifetimes || kinds["total"] === sum ? kinds : { ...kinds, [write]: 0 };
};

const withoutRepeats = (kinds: UsageKinds): UsageKinds => {
  const seen = new Map<string, number>();
  return Object.fromEntries(
    Object.entries(kinds).filter(([kind, count]) => {
      const row = findSpelling(snakeCase(kind));
      if (row?.isKind !== true) return true;
      if (seen.get(row.role) === count && count > 0) return false;
      if (!seen.has(row.role)) seen.set(row.role, count);
      return true;
    }),
  );
};
