/** Every row of the table of spellings, in an event and on a span. */
import { describe, expect, it } from "vitest";
import { costSpellings } from "../../../core/usage/cost-spellings.ts";
import { readUsage } from "../../../core/usage/read-usage.ts";
import { type UsageRole, usageRoles } from "../../../core/usage/usage-roles.ts";
import { usageSources } from "../../../core/usage/usage-sources.ts";
import { detailContainers, type UsageSpelling, usageSpellings } from "../../../core/usage/usage-spellings.ts";
import { mapOne } from "../otel/mapped-spans.ts";

const aCall = { "gen_ai.request.model": "m" };
type Counts = Record<string, number>;
const wholes = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
const plain = { input: 1000, output: 100, total: 1100 };
const cached = { ...plain, input: 700, input_cached_tokens: 300 };

/** What stands beside the spelling, how much it says, and what has to come of it. */
const example = (role: UsageRole): { beside: Counts; count: number; usage: Counts } => {
  const { prompt_tokens, completion_tokens, total_tokens } = wholes;
  const kind = usageRoles[role].kind ?? "";
  switch (role) {
    case "input":
      return { beside: { completion_tokens, total_tokens }, count: prompt_tokens, usage: plain };
    case "output":
      return { beside: { prompt_tokens, total_tokens }, count: completion_tokens, usage: plain };
    case "total":
      return { beside: { prompt_tokens, completion_tokens }, count: total_tokens, usage: plain };
    case "freshInput":
      return { beside: { ...wholes, cached_input_tokens: 300 }, count: 700, usage: cached };
    case "cacheRead":
    case "cacheWrite":
    case "inputAudio":
    case "inputImage":
    case "inputVideo":
    case "inputDocument":
      return { beside: wholes, count: 300, usage: { ...plain, input: 700, [kind]: 300 } };
    case "cacheWrite5m":
    case "cacheWrite1h":
      return {
        beside: wholes,
        count: 300,
        usage: { ...plain, input: 700, input_cache_creation: 0, input_cache_creation_5m: 0, input_cache_creation_1h: 0, [kind]: 300 },
      };
    case "cachedText":
      return { beside: { ...wholes, cached_input_tokens: 300 }, count: 300, usage: cached };
    case "cachedAudio":
    case "cachedImage":
    case "cachedVideo":
    case "cachedDocument": {
      const modality = role.slice("cached".length).toLowerCase();
      return {
        beside: { ...wholes, cached_input_tokens: 300, [`${modality}_prompt_tokens`]: 400 },
        count: 300,
        usage: { ...cached, input: 600, [`input_${modality}_tokens`]: 100 },
      };
    }
    case "reasoning":
    case "outputAudio":
    case "outputImage":
    case "outputVideo":
    case "acceptedPrediction":
    case "rejectedPrediction":
      return { beside: wholes, count: 30, usage: { ...plain, output: 70, [kind]: 30 } };
    case "inputText":
    case "outputText":
    case "toolPrompt":
    case "detail":
    case "noTokens":
      return { beside: wholes, count: 90, usage: plain };
    default:
      return role satisfies never;
  }
};

/** `a.b` to `{ a: { b: count } }`. */
const nested = (path: string, count: number): Record<string, unknown> =>
  path
    .split(".")
    .toReversed()
    .reduce<unknown>((value, name) => ({ [name]: value }), count) as Record<string, unknown>;

const camelCase = (name: string): string => name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const spelled = (row: UsageSpelling): string[] => {
  const [container = "", ...rest] = row.path.split(".");
  return Object.hasOwn(detailContainers, container)
    ? detailContainers[container as keyof typeof detailContainers].map((name) => [name, ...rest].join("."))
    : [row.path];
};

const rows = usageSpellings.flatMap((row) => spelled(row).map((path): [string, UsageSpelling] => [path, row]));
// The camel case of a digit cannot be told from none.
const camelRows = rows.filter(([path]) => camelCase(path) !== path && !/_\d/.test(path));

describe("an event's usage", () => {
  it.each(rows.filter(([, { isSpanOnly }]) => isSpanOnly !== true))("with %s", (path, { role }) => {
    const { beside, count, usage } = example(role);
    expect(readUsage({ ...beside, ...nested(path, count) })).toEqual(usage);
  });

  it.each(camelRows.filter(([, { isSpanOnly }]) => isSpanOnly !== true))("with %s in camel case", (path, { role }) => {
    const { beside, count, usage } = example(role);
    const camelBeside = Object.fromEntries(Object.entries(beside).map(([name, value]) => [camelCase(name), value]));
    expect(readUsage({ ...camelBeside, ...nested(camelCase(path), count) })).toEqual(usage);
  });

  it.each(rows.filter(([, { beside }]) => beside !== undefined))("with %s beside its whole, by what the provider means", (path, row) => {
    const isOutput = usageRoles[row.role].of === "output";
    const [named = "*"] = row.beside ?? [];
    const whole = named === "*" ? (isOutput ? "output_tokens" : "input_tokens") : named;
    const usage =
      readUsage({
        [isOutput ? "input_tokens" : "output_tokens"]: isOutput ? 1000 : 100,
        ...nested(path, 30),
        [whole]: isOutput ? 100 : 1000,
      }) ?? {};
    expect(usage[isOutput ? "output" : "input"]).toBe(row.role === "toolPrompt" ? 1030 : isOutput ? 100 : 1000);
    expect(Object.values(usage).reduce((sum, count) => sum + count, 0)).toBe(1130);
  });

  it.each(rows.filter(([, { isSpanOnly }]) => isSpanOnly === true))("with %s is a kind of the user's own", (path) => {
    expect(readUsage({ input: 3, [path]: 4 })).toEqual({ input: 3, [path]: 4 });
  });

  it.each(usageSpellings.filter(({ isKind }) => isKind === true).map(({ path }) => path))("that is only %s stays as it is", (path) => {
    expect(readUsage({ [path]: 4, mine: 5 })).toEqual({ [path]: 4, mine: 5 });
  });
});

describe("a span's usage", () => {
  it.each(rows)("with gen_ai.usage.%s", (path, { role }) => {
    const { beside, count, usage } = example(role);
    const attributes: Record<string, string | number> = Object.fromEntries(
      Object.entries({ ...beside, [path]: count }).map(([name, value]) => [`gen_ai.usage.${name}`, value]),
    );
    expect(mapOne({ attributes: { ...attributes, ...aCall } }).observation.body["usageDetails"]).toEqual(usage);
  });

  it.each(camelRows)("with ai.usage.%s in camel case", (path, { role }) => {
    const { beside, count, usage } = example(role);
    const attributes: Record<string, string | number> = Object.fromEntries(
      Object.entries({ ...beside, [path]: count }).map(([name, value]) => [`ai.usage.${camelCase(name)}`, value]),
    );
    expect(
      mapOne({ attributes: { ...attributes, ...aCall, "ai.operationId": "ai.generateText.doGenerate" } }).observation.body["usageDetails"],
    ).toEqual(usage);
  });

  it.each(["llm.token_count.", "llm.usage.", "gen_ai.usage.details.", "gen_ai.usage.experimental."])("is read behind %s", (prefix) => {
    const attributes = { [`${prefix}prompt_tokens`]: 10, [`${prefix}completion_tokens`]: 5, [`${prefix}reasoning_tokens`]: 2 };
    expect(mapOne({ attributes: { ...attributes, ...aCall } }).observation.body["usageDetails"]).toEqual({
      input: 10,
      output: 3,
      output_reasoning_tokens: 2,
    });
  });

  it("is read from objects in one attribute", () => {
    const usage = JSON.stringify({ input_tokens: 10, output_tokens: 5, total_tokens: 15 });
    expect(mapOne({ attributes: { ...aCall, "mlflow.chat.tokenUsage": usage } }).observation.body["usageDetails"]).toEqual({
      input: 10,
      output: 5,
      total: 15,
    });
    const details = JSON.stringify({ cached_tokens: 4 });
    const attributes = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.input_tokens_details": details };
    expect(mapOne({ attributes: { ...attributes, ...aCall } }).observation.body["usageDetails"]).toEqual({
      input: 6,
      input_cached_tokens: 4,
    });
  });
});

describe("the table", () => {
  it("has each path once, in snake case, and no source that nothing names", () => {
    const paths = usageSpellings.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) expect(path).toMatch(/^[a-z0-9_.]+$/);
    const used = new Set<string>([...usageSpellings, ...costSpellings].flatMap(({ sources }) => sources));
    expect(Object.keys(usageSources).filter((source) => !used.has(source))).toEqual([]);
  });
});
