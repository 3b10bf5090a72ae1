/** Usage that adds up, whatever is reported and however it is spelled. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUsage } from "../../../core/usage/read-usage.ts";
import { reportedUsage } from "../../../core/usage/reported-usage.ts";
import { resolveUsage } from "../../../core/usage/resolve-usage.ts";
import { isInputRole, isOutputRole, type UsageRole, usageRoles } from "../../../core/usage/usage-roles.ts";
import { usageSpellings } from "../../../core/usage/usage-spellings.ts";
import { seedFrom } from "../../support/property-seed.ts";

const seed = seedFrom("FC_SEED");
console.info(`usage seed ${seed}`);
const runs = { seed, numRuns: 2000 };

const kindsOf = (isSide: (role: UsageRole) => boolean): Set<string> =>
  new Set((Object.keys(usageRoles) as UsageRole[]).filter(isSide).flatMap((role) => usageRoles[role].kind ?? []));
const [inputKinds, outputKinds] = [kindsOf(isInputRole), kindsOf(isOutputRole)];
const sumOf = (usage: Record<string, number>, kinds: Set<string>): number =>
  Object.entries(usage).reduce((sum, [kind, count]) => (kinds.has(kind) ? sum + count : sum), 0);

/** A call as it was, each token once. */
const call = fc.record({
  input: fc.integer({ min: 1, max: 5000 }),
  read: fc.nat(5000),
  write: fc.nat(5000),
  output: fc.integer({ min: 1, max: 5000 }),
  reasoning: fc.nat(5000),
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

const kinds = ({ input, read, write, output, reasoning }: Call) => ({
  input,
  input_cached_tokens: read,
  input_cache_creation: write,
  output,
  output_reasoning_tokens: reasoning,
});
const totalOf = (one: Call): number => Object.values(one).reduce((sum, count) => sum + count, 0);

describe("a call is read as it was", () => {
  it("by the reported total, whatever the spellings count within their whole or beside it", () => {
    fc.assert(
      fc.property(call, fc.boolean(), fc.boolean(), fc.constantFrom(0, 1, 2, 3), (one, isCacheBeside, isReasoningBeside, form) => {
        const cached = one.read + one.write;
        // Two readings of one total.
        fc.pre(cached !== one.reasoning);
        const input = one.input + (isCacheBeside ? 0 : cached);
        const output = one.output + (isReasoningBeside ? 0 : one.reasoning);
        const total = totalOf(one);
        const spelled = [
          {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: total,
            prompt_tokens_details: { cached_tokens: one.read, cache_write_tokens: one.write },
            completion_tokens_details: { reasoning_tokens: one.reasoning },
          },
          {
            input_tokens: input,
            output_tokens: output,
            total_tokens: total,
            cache_read_input_tokens: one.read,
            cache_creation_input_tokens: one.write,
            reasoning_tokens: one.reasoning,
          },
          {
            inputTokens: input,
            outputTokens: output,
            totalTokens: total,
            cacheReadInputTokens: one.read,
            cacheWriteInputTokens: one.write,
            thoughtsTokenCount: one.reasoning,
          },
          {
            inputTokens: input,
            outputTokens: output,
            totalTokens: total,
            inputTokenDetails: { cacheReadTokens: one.read, cacheWriteTokens: one.write },
            outputTokenDetails: { reasoningTokens: one.reasoning },
          },
        ][form];
        expect(readUsage(spelled ?? {})).toEqual({ ...kinds(one), total });
      }),
      runs,
    );
  });

  it("by the meaning of the spellings, where no total is reported", () => {
    fc.assert(
      fc.property(call, (one) => {
        const { input, read, write, output, reasoning } = one;
        const cached = read + write;
        const openai = {
          prompt_tokens: input + cached,
          completion_tokens: output + reasoning,
          prompt_tokens_details: { cached_tokens: read, cache_write_tokens: write },
          completion_tokens_details: { reasoning_tokens: reasoning },
        };
        const anthropic = {
          input_tokens: input,
          output_tokens: output + reasoning,
          cache_read_input_tokens: read,
          cache_creation_input_tokens: write,
          output_tokens_details: { reasoning_tokens: reasoning },
        };
        const gemini = {
          promptTokenCount: input + read,
          cachedContentTokenCount: read,
          candidatesTokenCount: output,
          thoughtsTokenCount: reasoning,
        };
        const { input_cache_creation: _, ...withoutWrites } = kinds(one);
        expect(readUsage(openai)).toEqual(kinds(one));
        expect(readUsage(anthropic)).toEqual(kinds(one));
        expect(readUsage(gemini)).toEqual(withoutWrites);
      }),
      runs,
    );
  });

  it("by what is reported to be beside the cache, against the meaning of the spellings", () => {
    fc.assert(
      fc.property(call, fc.boolean(), (one, isBeside) => {
        const { input, read, write, output } = one;
        const reported = input + (isBeside ? 0 : read + write);
        const usage = readUsage({
          inputTokens: reported,
          outputTokens: output,
          inputTokenDetails: { noCacheTokens: input, cacheReadTokens: read, cacheWriteTokens: write },
        });
        expect(usage).toEqual({ input, input_cached_tokens: read, input_cache_creation: write, output });
      }),
      runs,
    );
  });

  it("again, once it was read", () => {
    fc.assert(
      fc.property(call, (one) => {
        const read = { ...kinds(one), total: totalOf(one) };
        expect(readUsage(read)).toEqual(read);
        expect(readUsage(read, { isResolved: true })).toEqual(read);
      }),
      runs,
    );
  });
});

describe("whatever is reported, in any spellings at once", () => {
  const paths = fc.uniqueArray(fc.tuple(fc.constantFrom(...usageSpellings.map(({ path }) => path)), fc.nat(1000)), {
    selector: ([path]) => path,
    maxLength: 12,
  });
  const both = fc.constantFrom("span" as const, "object" as const);

  it("no token is in two kinds, no part exceeds its whole, a reported total stays and nothing that was reported is lost", () => {
    fc.assert(
      fc.property(paths, both, (given, form) => {
        const reported = reportedUsage(new Map(given), form);
        const usage = reported === undefined ? {} : (resolveUsage(reported) ?? {});
        for (const count of Object.values(usage)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
        const {
          input,
          output,
          total,
          cacheRead = 0,
          cacheWrite = 0,
          cacheWrite5m = 0,
          cacheWrite1h = 0,
          toolPrompt = 0,
          reasoning = 0,
        } = reported?.counts ?? {};
        expect(usage["total"]).toBe(total);
        const cached = cacheRead + (cacheWrite > 0 ? cacheWrite : cacheWrite5m + cacheWrite1h);
        if (input !== undefined)
          expect([input, input + cached, input + toolPrompt, input + cached + toolPrompt]).toContain(sumOf(usage, inputKinds));
        if (output !== undefined) expect([output, output + reasoning]).toContain(sumOf(usage, outputKinds));
      }),
      runs,
    );
  });

  it("what is no count of tokens changes nothing", () => {
    const noise = usageSpellings.filter(({ role }) => role === "noTokens" || role === "detail").map(({ path }) => path);
    fc.assert(
      fc.property(
        paths,
        fc.array(fc.tuple(fc.constantFrom(...noise, "unknown", "input_unknown"), fc.nat(9999))),
        both,
        (given, more, form) => {
          const read = (all: [string, number][]) => {
            const reported = reportedUsage(new Map(all), form);
            return reported === undefined ? undefined : resolveUsage(reported);
          };
          expect(read([...given, ...more.filter(([path]) => !given.some(([own]) => own === path))])).toEqual(read(given));
        },
      ),
      runs,
    );
  });

  it("never throws, whatever JSON comes", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(fc.constantFrom(...usageSpellings.map(({ path }) => path.split(".")[0] ?? "")), fc.string()),
          fc.jsonValue(),
        ),
        (given) => {
          const usage = readUsage(given as Record<string, unknown>) ?? {};
          for (const count of Object.values(usage)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
        },
      ),
      runs,
    );
  });
});
