/** Counts by path to counts by what they mean: which whole was told, which parts, and whether parts were counted within their whole or beside it. */
import type { UsagePaths } from "./flatten-usage.ts";
import type { CountedRole } from "./usage-roles.ts";
import { detailContainers, spellingOf, type UsageSpelling, usageSpellings } from "./usage-spellings.ts";

export type ToldUsage = {
  counts: { [Role in CountedRole]?: number };
  /** By the meaning of the spellings. Numbers that can mean one thing only overrule it. */
  isCacheBeside: boolean;
  isReasoningBeside: boolean;
  isToolPromptBeside: boolean;
  /** Output without the thoughts, where a spelling says so. */
  visibleOutput?: number;
};

/** `span`: attributes, which count parts within their whole. `object`: what a provider answered. */
export type UsageForm = "span" | "object";

const containers: ReadonlyMap<string, string> = new Map(
  Object.entries(detailContainers).flatMap(([name, spellings]) => spellings.map((spelling): [string, string] => [spelling, name])),
);

/** The row of a path, by its own name or by that of the object it stands in. */
export const findSpelling = (path: string): UsageSpelling | undefined => {
  const own = spellingOf.get(path);
  if (own !== undefined) return own;
  const dot = path.indexOf(".");
  const container = dot < 0 ? undefined : containers.get(path.slice(0, dot));
  return container === undefined ? undefined : spellingOf.get(`${container}${path.slice(dot)}`);
};

/** What the paths say; undefined where none is known. */
export const toldUsage = (paths: UsagePaths, form: UsageForm): ToldUsage | undefined => {
  const found = new Map<string, number>();
  for (const [path, count] of paths) {
    const row = findSpelling(path);
    if (row !== undefined && (form === "span" || row.isSpanOnly !== true) && (found.get(row.path) ?? 0) === 0) found.set(row.path, count);
  }
  const counts: ToldUsage["counts"] = {};
  const rows: { [Role in CountedRole]?: UsageSpelling } = {};
  let visible: number | undefined;
  for (const row of usageSpellings) {
    const count = found.get(row.path);
    const { role } = row;
    if (count === undefined || role === "detail" || role === "noTokens") continue;
    if (row.isWithoutReasoning === true && role !== "output") visible = (visible ?? 0) + count;
    if ((counts[role] ?? 0) > 0 || (counts[role] === 0 && count === 0)) continue;
    counts[role] = count;
    rows[role] = row;
  }
  if (Object.keys(counts).length === 0) return undefined;
  const isBeside = (whole: CountedRole, ...parts: CountedRole[]): boolean => {
    const wholePath = rows[whole]?.path;
    return parts.some((part) => {
      const beside = rows[part]?.beside;
      return form === "object" && beside !== undefined && (beside.includes("*") || (wholePath !== undefined && beside.includes(wholePath)));
    });
  };
  const isReasoningBeside = isBeside("output", "reasoning") || (form === "object" && rows.output?.isWithoutReasoning === true);
  return {
    counts,
    isCacheBeside: isBeside("input", "cacheRead", "cacheWrite", "cacheWrite5m", "cacheWrite1h"),
    isReasoningBeside,
    isToolPromptBeside: isBeside("input", "toolPrompt"),
    ...(visible === undefined ? {} : { visibleOutput: visible }),
  };
};

const wholes: readonly CountedRole[] = ["input", "output", "total"];

/**
 * What was told with what another source adds: parts the first has not, or has as zero. Wholes of the other count only where the first has none, and else say how the first
 * counts: Anthropic's own `input_tokens` are without the cache, Gemini's candidates without the thoughts.
 */
export const joinTold = (first: ToldUsage | undefined, other: ToldUsage | undefined): ToldUsage | undefined => {
  if (first === undefined || other === undefined) return first ?? other;
  const hasWhole = wholes.some((role) => first.counts[role] !== undefined);
  const counts = { ...first.counts };
  const taken = new Set<CountedRole>();
  for (const role of Object.keys(other.counts) as CountedRole[]) {
    const count = other.counts[role];
    if (count === undefined || (hasWhole && (role === "input" || role === "output"))) continue;
    if (counts[role] !== undefined && (counts[role] > 0 || count === 0)) continue;
    counts[role] = count;
    taken.add(role);
  }
  if (hasWhole && other.isCacheBeside && other.counts.input !== undefined) counts.freshInput ??= other.counts.input;
  const ownVisible = other.isReasoningBeside ? other.counts.output : undefined;
  const visibleOutput = first.visibleOutput ?? other.visibleOutput ?? ownVisible;
  const isCacheTaken = taken.has("cacheRead") || taken.has("cacheWrite");
  return {
    counts,
    isCacheBeside: hasWhole ? first.isCacheBeside || (isCacheTaken && other.isCacheBeside) : other.isCacheBeside,
    isReasoningBeside: hasWhole ? first.isReasoningBeside || (taken.has("reasoning") && other.isReasoningBeside) : other.isReasoningBeside,
    isToolPromptBeside: first.isToolPromptBeside || (taken.has("toolPrompt") && other.isToolPromptBeside),
    ...(visibleOutput === undefined ? {} : { visibleOutput }),
  };
};
