/** Usage: maps counts by path to counts by meaning: the wholes and parts that were reported, and whether the wholes include the parts. */
import type { UsagePaths } from "./flatten-usage.ts";
import type { CountedRole } from "./usage-roles.ts";
import { detailContainers, spellingOf, type UsageSpelling, usageSpellings } from "./usage-spellings.ts";

export type ReportedUsage = {
  counts: { [Role in CountedRole]?: number };
  /** According to the spellings. Numbers that allow only one reading overrule it. */
  isCacheBeside: boolean;
  isReasoningBeside: boolean;
  isToolPromptBeside: boolean;
  /** Output without reasoning tokens, if a spelling says so. */
  visibleOutput?: number;
};

/** `span`: attributes, whose wholes include their parts. `object`: a provider's response. */
type UsageForm = "span" | "object";

const containers: ReadonlyMap<string, string> = new Map(
  Object.entries(detailContainers).flatMap(([name, spellings]) => spellings.map((spelling): [string, string] => [spelling, name])),
);

/** Returns the row of a path, by its full name or by its containing object. */
export const findSpelling = (path: string): UsageSpelling | undefined => {
  const own = spellingOf.get(path);
  if (own !== undefined) return own;
  const dot = path.indexOf(".");
  const container = dot < 0 ? undefined : containers.get(path.slice(0, dot));
  return container === undefined ? undefined : spellingOf.get(`${container}${path.slice(dot)}`);
};

/** Returns what the paths report; undefined if none is known. */
export const reportedUsage = (paths: UsagePaths, form: UsageForm): ReportedUsage | undefined => {
  const found = new Map<string, number>();
  for (const [path, count] of paths) {
    const row = findSpelling(path);
    if (row !== undefined && (form === "span" || row.isSpanOnly !== true) && (found.get(row.path) ?? 0) === 0) found.set(row.path, count);
  }
  const counts: ReportedUsage["counts"] = {};
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
 * Adds another source's counts: parts that the first lacks or has as zero. The other's wholes count only if the first has none.
 * Otherwise they show how the first counts: Anthropic's own `input_tokens` exclude the cache, Gemini's candidates the reasoning.
 */
export const joinReported = (first: ReportedUsage | undefined, other: ReportedUsage | undefined): ReportedUsage | undefined => {
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
