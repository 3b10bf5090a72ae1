/** Kinds of usage as prices name them. */
import { snakeCase } from "./flatten-usage.ts";
import { findSpelling } from "./told-usage.ts";
import { isInputRole, type UsageRole, usageRoles } from "./usage-roles.ts";
import { usageSpellings } from "./usage-spellings.ts";

/** What is charged as its whole where it has no price of its own. What comes from or goes to a cache is not: it never costs what its whole costs. */
const chargedAsWhole: ReadonlySet<UsageRole> = new Set<UsageRole>([
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

/** Text has no kind of its own with us, and may have a price of its own. */
const alsoPricedAs: { readonly [Role in UsageRole]?: readonly UsageRole[] } = { input: ["inputText"], output: ["outputText"] };

/** One rank for names that mean the same as the kind, a worse one for names of its whole; undefined for names of something else. */
const rankOf = (kind: UsageRole, priced: UsageRole): number | undefined => {
  if (kind === priced) return 1;
  if (alsoPricedAs[kind]?.includes(priced) === true) return 2;
  return chargedAsWhole.has(kind) && usageRoles[kind].of === priced ? 3 : undefined;
};

/** The role of a kind that Langfuse's SDKs or a provider name so; undefined for the user's own. */
const roleOf = (kind: string): UsageRole | undefined => {
  const row = findSpelling(snakeCase(kind));
  return row === undefined || row.isSpanOnly === true || row.role === "noTokens" || row.role === "detail" ? undefined : row.role;
};

/** What the prices of a tier are for, by tier: tiers live as long as their models are remembered. */
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

/** The price of a kind: under its own name, under another spelling of it, else for some that of its whole. A kind of the user's own has the price of its name only. */
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

/** Every kind of the input, as one of ours or as Langfuse's SDKs name it: their sum is the length of the prompt. */
export const inputKinds: readonly string[] = [
  ...new Set(
    usageSpellings.flatMap(({ path, role, isKind }) =>
      isInputRole(role) ? [usageRoles[role].kind, ...(isKind === true ? [path] : [])].filter((kind) => kind !== null) : [],
    ),
  ),
];
