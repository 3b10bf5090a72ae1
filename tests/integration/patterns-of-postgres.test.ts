/** A pattern that is taken means what Postgres means by it: random patterns on random texts, asked of both. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compilePattern } from "../../core/models/compile-pattern.ts";
import { findPatternFault } from "../../core/models/translate-pattern.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase;
beforeAll(async () => {
  open = await openOwnDatabase(1);
});
afterAll(() => open.close());

const seed = Number(process.env["FC_SEED"] ?? 20_260_105);

/** Letters of ASCII only: what else is a letter, and what is its other case, depends on the locale of the database. */
const atom = fc.constantFrom(
  ..."ab1.-_/",
  ...["\\.", "\\/", "[ab]", "[^a]", "[a-c1]", "[]a-]", "[[:alpha:]]", "[^[:digit:]_]", "[[:punct:]]", "[[:upper:]b]", "[\\d.]", "[\\s\\w]"],
  ...["\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\u0061", "\\x62", "()", "{", "a{,2}", "(a|)", "(?:ab|b1)", "(a*)*", "((b|1)+)"],
);
const repeated = fc
  .tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "*?", "??", "{2}", "{1,2}", "{0}", "{1,}"))
  .map((both) => both.join(""));
const sequence = fc.array(repeated, { maxLength: 5 }).map((parts) => parts.join(""));
const pattern = fc
  .tuple(
    fc.constantFrom("", "(?i)", "(?c)"),
    fc.constantFrom("", "^", "\\A"),
    fc.array(sequence, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "$", "\\Z"),
  )
  .map(([flags, start, parts, end]) => `${flags}${start}${parts.join("|")}${end}`);
const text = fc.array(fc.constantFrom(..."aAbBcC1._-/ \n{,"), { maxLength: 7 }).map((chars) => chars.join(""));

it("and so matches the same names", async () => {
  const pairs = fc
    .sample(fc.record({ pattern, text }), { numRuns: 4000, seed })
    .filter((pair) => findPatternFault(pair.pattern, 300) === undefined);
  expect(pairs.length).toBeGreaterThan(2000);
  const rows = await execute<{ place: number; matches: boolean }>(
    open.db,
    sql`select place::int, r.text ~ r.pattern as matches from json_array_elements(${JSON.stringify(pairs)}::json) with ordinality as e(pair, place), json_to_record(pair) as r(pattern text, text text)`,
  );
  const wrong = rows.flatMap(({ place, matches }) => {
    const pair = pairs[place - 1];
    return pair !== undefined && compilePattern(pair.pattern)?.isMatch(pair.text) === matches ? [] : [{ ...pair, postgres: matches }];
  });
  expect(rows).toHaveLength(pairs.length);
  expect(wrong).toEqual([]);
  expect(rows.filter(({ matches }) => matches).length).toBeGreaterThan(500);
});
