/**
 * Usage: turns reported counts into kinds that add up. Whether a whole includes its parts is decided by, in this order: no part exceeds its
 * whole; counts that exclude cache or reasoning; the reported total; the meaning of the spellings.
 */
import type { ReportedUsage } from "./reported-usage.ts";
import { inputModalities, outputModalities, usageRoles } from "./usage-roles.ts";

export type UsageKinds = Record<string, number>;

/**
 * Kind to count. All kinds but `total` add up to the reported total, unless the report contradicts itself: then the total stays as
 * reported. Undefined if nothing was counted.
 */
export const resolveUsage = (reported: ReportedUsage): UsageKinds | undefined => {
  const cache = cacheParts(reported);
  const reading = readingOf(reported, cache.sum);
  const usage: UsageKinds = { ...inputKinds(reported, reading, cache), ...outputKinds(reported, reading) };
  const { total } = reported.counts;
  if (total !== undefined) usage["total"] = total;
  return Object.keys(usage).length === 0 ? undefined : usage;
};

type CacheParts = {
  read?: number | undefined;
  write?: number | undefined;
  write5m?: number | undefined;
  write1h?: number | undefined;
  sum: number;
};

/** Cache lifetimes are parts of the tokens written; they are dropped if they exceed them. */
const cacheParts = ({ counts }: ReportedUsage): CacheParts => {
  const { cacheRead: read, cacheWrite5m, cacheWrite1h } = counts;
  const lifetimes = (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
  const written = (counts.cacheWrite ?? 0) > 0 || lifetimes === 0 ? counts.cacheWrite : lifetimes;
  const isSplit = lifetimes > 0 && written !== undefined && lifetimes <= written;
  return {
    read,
    sum: (read ?? 0) + (written ?? 0),
    ...(isSplit ? { write: written - lifetimes, write5m: cacheWrite5m ?? 0, write1h: cacheWrite1h ?? 0 } : { write: written }),
  };
};

/** Which parts are counted in addition to their whole. */
type Reading = { isCacheBeside: boolean; isReasoningBeside: boolean; isToolPromptBeside: boolean };

const readingOf = (reported: ReportedUsage, cached: number): Reading => {
  const { input, output, total, freshInput, reasoning = 0, toolPrompt = 0 } = reported.counts;
  const options = (meant: boolean, part: number): boolean[] => (part === 0 ? [meant] : [meant, !meant]);
  const all = options(reported.isCacheBeside, cached).flatMap((isCacheBeside) =>
    options(reported.isReasoningBeside, reasoning).flatMap((isReasoningBeside) =>
      options(reported.isToolPromptBeside, toolPrompt).map((isToolPromptBeside) => ({
        isCacheBeside,
        isReasoningBeside,
        isToolPromptBeside,
      })),
    ),
  );
  const wholeInput = (reading: Reading) =>
    (input ?? 0) + (reading.isCacheBeside ? cached : 0) + (reading.isToolPromptBeside ? toolPrompt : 0);
  const wholeOutput = (reading: Reading) => (output ?? 0) + (reading.isReasoningBeside ? reasoning : 0);
  const rules: ((reading: Reading) => boolean)[] = [
    (reading) => input === undefined || cached + toolPrompt <= wholeInput(reading),
    (reading) => output === undefined || reasoning <= wholeOutput(reading),
    (reading) => input === undefined || freshInput === undefined || wholeInput(reading) - cached === freshInput,
    (reading) =>
      output === undefined || reported.visibleOutput === undefined || wholeOutput(reading) - reasoning === reported.visibleOutput,
    (reading) => total === undefined || wholeInput(reading) + wholeOutput(reading) === total,
  ];
  let left = all;
  for (const rule of rules) {
    const kept = left.filter(rule);
    if (kept.length > 0) left = kept;
  }
  const [first = reported] = left;
  return first;
};

/** Subtracts parts from a whole, each limited to what is left: overlapping parts are subtracted once. */
const taker = (whole: number) => {
  let left = whole;
  return {
    take: (part: number): number => {
      const taken = Math.min(part, left);
      left -= taken;
      return taken;
    },
    left: () => left,
  };
};

const inputKinds = (reported: ReportedUsage, reading: Reading, cache: CacheParts): UsageKinds => {
  const { counts } = reported;
  const modal = inputModalities.map((role) => ({ role, count: fresh(counts, role) }));
  const known = modal.some(({ role }) => counts[role] !== undefined) || counts.inputText !== undefined;
  const { toolPrompt = 0 } = counts;
  const whole = ((): number | undefined => {
    if (counts.input !== undefined)
      return counts.input + (reading.isCacheBeside ? cache.sum : 0) + (reading.isToolPromptBeside ? toolPrompt : 0);
    if (counts.freshInput !== undefined) return counts.freshInput + cache.sum;
    if (!known) return counts.toolPrompt === undefined ? undefined : toolPrompt + cache.sum;
    return Math.max(cache.sum, (counts.inputText ?? 0) + inputModalities.reduce((sum, role) => sum + (counts[role] ?? 0), 0));
  })();
  const usage: UsageKinds = {};
  const set = (kind: string, count: number | undefined) => {
    if (count !== undefined) usage[kind] = count;
  };
  const rest = whole === undefined ? undefined : taker(whole - cache.sum);
  const parts: UsageKinds = {};
  for (const { role, count } of modal) if (count !== undefined) parts[usageRoles[role].kind] = rest?.take(count) ?? count;
  set("input", rest?.left());
  set("input_cached_tokens", cache.read);
  set("input_cache_creation", cache.write);
  set("input_cache_creation_5m", cache.write5m);
  set("input_cache_creation_1h", cache.write1h);
  return { ...usage, ...parts };
};

/** Returns the tokens of a modality that were not read from a cache. */
const fresh = (counts: ReportedUsage["counts"], role: (typeof inputModalities)[number]): number | undefined => {
  const cachedRoles = {
    inputAudio: "cachedAudio",
    inputImage: "cachedImage",
    inputVideo: "cachedVideo",
    inputDocument: "cachedDocument",
  } as const;
  const count = counts[role];
  return count === undefined ? undefined : Math.max(0, count - (counts[cachedRoles[role]] ?? 0));
};

const outputKinds = (reported: ReportedUsage, reading: Reading): UsageKinds => {
  const { counts, visibleOutput } = reported;
  const { reasoning = 0 } = counts;
  const parts = [...outputModalities, "acceptedPrediction", "rejectedPrediction"] as const;
  const isKnown = outputModalities.some((role) => counts[role] !== undefined) || counts.outputText !== undefined;
  const whole = ((): number | undefined => {
    if (counts.output !== undefined) return counts.output + (reading.isReasoningBeside ? reasoning : 0);
    if (visibleOutput !== undefined) return visibleOutput + reasoning;
    if (!isKnown) return undefined;
    return Math.max(
      reasoning,
      outputModalities.reduce((sum, role) => sum + (counts[role] ?? 0), counts.outputText ?? 0),
    );
  })();
  const rest = whole === undefined ? undefined : taker(whole);
  const take = (count: number) => rest?.take(count) ?? count;
  const usage: UsageKinds = {};
  const taken: UsageKinds = {};
  if (counts.reasoning !== undefined) taken[usageRoles.reasoning.kind] = take(counts.reasoning);
  for (const role of parts) {
    const count = counts[role];
    if (count !== undefined) taken[usageRoles[role].kind] = take(count);
  }
  if (rest !== undefined) usage["output"] = rest.left();
  return { ...usage, ...taken };
};
