/** Usage: matches kinds of usage with the names that prices use. */
import { snakeCase } from "./flatten-usage.ts";
import { findSpelling } from "./reported-usage.ts";
import { isInputRole, type UsageRole, usageRoles } from "./usage-roles.ts";
import { usageSpellings } from "./usage-spellings.ts";

/**
 * Kinds charged at the price of their whole if they have none. Cache reads and writes are not among them: they never cost what their whole
 * costs. The whole of a write for a lifetime is all writes.
 */
const chargedAsWhole: ReadonlySet<UsageRole> = new Set<UsageRole>([
  "cacheWrite5m",
  "cacheWrite1h",
  "inputText",
  "inputAudio",
  "inputImage",
  "inputVideo",
  "inputDocument",
  "reasoning",
  "outputText",
  "outputAudio",
  "outputImage",
  "outputVideo",
  "acceptedPrediction",
  "rejectedPrediction",
]);

/** Text has no kind of its own here, but may have a price of its own. */
const alsoPricedAs: { readonly [Role in UsageRole]?: readonly UsageRole[] } = { input: ["inputText"], output: ["outputText"] };

/** Ranks how well a price name fits a kind: lowest for the same meaning, higher for its whole; undefined for anything else. */
const rankOf = (kind: UsageRole, priced: UsageRole): number | undefined => {
  if (kind === priced) return 1;
  if (alsoPricedAs[kind]?.includes(priced) === true) return 2;
  return chargedAsWhole.has(kind) && usageRoles[kind].of === priced ? 3 : undefined;
};

/** Returns the role of a kind that Langfuse's SDKs or a provider name this way; undefined for a custom kind. */
const roleOf = (kind: string): UsageRole | undefined => {
  const row = findSpelling(snakeCase(kind));
  return row === undefined || row.isSpanOnly === true || row.role === "noTokens" || row.role === "detail" ? undefined : row.role;
};

/** Memo of a tier's prices by role. A tier lives as long as its model is cached. */
const known = new WeakMap<object, readonly (readonly [role: UsageRole, price: string])[]>();

const pricesByRole = (prices: Readonly<Record<string, string>>) => {
  const before = known.get(prices);
  if (before !== undefined) return before;
  const found = Object.entries(prices).flatMap(([name, price]): [UsageRole, string][] => {
    const role = roleOf(name);
    return role === undefined ? [] : [[role, price]];
  });
  known.set(prices, found);
  return found;
};

/**
 * Returns the price of a kind: by its own name, by another spelling, else (for some kinds) the price of its whole. A custom kind has only
 * the price of its own name.
 */
export const priceOfKind = (kind: string, prices: Readonly<Record<string, string>>): string | undefined => {
  if (Object.hasOwn(prices, kind)) return prices[kind];
  const role = roleOf(kind);
  if (role === undefined) return undefined;
  let best: { rank: number; price: string } | undefined;
  for (const [priced, price] of pricesByRole(prices)) {
    const rank = rankOf(role, priced);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { rank, price };
  }
  return best?.price;
};

/** Every kind of input, in our names and those of Langfuse's SDKs. Their sum is the prompt's length. */
export const inputKinds: readonly string[] = [
  ...new Set(
    usageSpellings.flatMap(({ path, role, isKind }) =>
      isInputRole(role) ? [usageRoles[role].kind, ...(isKind === true ? [path] : [])].filter((kind) => kind !== null) : [],
    ),
  ),
];
