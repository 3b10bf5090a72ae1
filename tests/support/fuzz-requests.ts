/**
 * Requests made of the OpenAPI document, for a fuzzer: half of them fit their schema, the others are broken in one or two places. Ids stand
 * as `@id:N` and are replaced when a request is sent, so that they are ids of earlier answers.
 */
import fc from "fast-check";
import { describeFilters } from "../../core/query/filters/compile-filter.ts";
import { tables } from "../../core/query/tables/index.ts";
import { type Operation, resolveSchema, type Schema } from "./api-document.ts";

export type FuzzRequest = { path: Record<string, unknown>; query: Record<string, unknown>; header: Record<string, unknown>; body: unknown };

const hostileTexts = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "' OR 1=1 --",
  "{p:String}",
  "\\N",
  "%00",
  "../../x",
  "𝒳👩‍🚀\u202e",
  "__proto__",
  "constructor",
  "9".repeat(400),
  "2026-02-30T25:61:00Z",
  "-1",
  "NaN",
  "null",
  "x".repeat(5000),
];
const text = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...hostileTexts) }, fc.string({ unit: "binary", maxLength: 40 }));
const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  text,
  number,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    { a: { b: [] } },
    Array.from({ length: 300 }, (_, i) => i),
    deep(200),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: deep(levels - 1) };
}

const idMarker = fc.nat(10_000).map((n) => `@id:${n}`);
const isIdName = (name: string): boolean => /^id$|Ids?$/.test(name);

/** Filters in the language of the tables, in half of the cases with types and operators that belong together. */
const filter = fc.oneof(
  fc
    .constantFrom(
      ...Object.values(tables).flatMap((table) =>
        describeFilters(table).flatMap(({ id, filters }) => filters.map(({ type, operators }) => ({ column: id, type, operators }))),
      ),
    )
    .chain(({ column, type, operators }) =>
      fc.record({
        type: fc.constant<string>(type),
        column: fc.constant(column),
        operator: fc.constantFrom(...operators),
        key: fc.constantFrom("k", "quality", ""),
        value: fc.oneof(text, number, fc.boolean(), fc.array(text, { maxLength: 3 }), fc.constant("2026-01-01T00:00:00Z")),
      }),
    ),
  fc.record({ type: text, column: text, operator: text, value: junk }),
  junk,
);

const instants = fc.constantFrom(
  "2026-01-01T00:00:00Z",
  "2026-11-01T12:30:00.123456Z",
  "1970-01-01T00:00:00Z",
  "2262-04-11T00:00:00+14:00",
);

const stringOf = (schema: Schema, name: string): fc.Arbitrary<string> => {
  if (isIdName(name)) return fc.oneof({ weight: 4, arbitrary: idMarker }, text);
  if (schema.format === "date-time") return instants;
  if (schema.format === "email") return fc.nat().map((n) => `fuzz-${n}@example.com`);
  if (name === "url") return fc.oneof({ weight: 2, arbitrary: fc.nat().map((n) => `https://receiver-${n}.example.com/hook`) }, text);
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
  if (/Time|From|To$|At$|^from|^to|start|end/.test(name)) return fc.oneof(instants, text);
  if (name === "tableName" || name === "table") return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...Object.keys(tables)) }, text);
  if (name === "filter")
    return fc.oneof(
      fc.array(filter, { maxLength: 3 }).map((filters) => JSON.stringify(filters)),
      text,
    );
  return fc.oneof(
    fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.max(schema.minLength ?? 0, Math.min(20, schema.maxLength ?? 20)) }),
    text,
  );
};

/** Values that fit the schema, as far as the document says. */
export const valuesOf = (given: Schema, name: string, depth = 0): fc.Arbitrary<unknown> => {
  const schema = resolveSchema(given);
  const inner = (one: Schema, key = name) => valuesOf(one, key, depth + 1);
  if (depth > 8) return fc.constant(null);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => inner(one)));
  if (schema.allOf !== undefined)
    return fc.tuple(...schema.allOf.map((one) => inner(one))).map((parts) => Object.assign({}, ...parts) as Record<string, unknown>);
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return name === "filter" ? filter : junk;
  return fc.oneof(...types.map((type) => typed(type, schema, name, inner)));
};

const typed = (
  type: string,
  schema: Schema,
  name: string,
  inner: (one: Schema, key?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> => {
  switch (type) {
    case "object": {
      const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, one]) => [key, inner(one, key)]));
      const rest = typeof schema.additionalProperties === "object" ? inner(schema.additionalProperties, "") : junk;
      if (Object.keys(properties).length === 0) return fc.dictionary(text, rest, { maxKeys: 3 });
      return fc.record(properties, { requiredKeys: schema.required ?? [] });
    }
    case "array":
      return fc.array(inner(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(3, schema.maxItems ?? 3)),
      });
    case "integer":
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 100, (schema.minimum ?? 0) + 100) }),
        fc.integer({ min: schema.minimum ?? -(2 ** 31), max: Math.min(2 ** 31, schema.maximum ?? 2 ** 31) }),
      );
    case "number":
      return number;
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return stringOf(schema, name);
  }
};

type Mutation = { at: number; how: "replace" | "remove" | "add" | "huge"; junk: unknown };

const mutation: fc.Arbitrary<Mutation> = fc.record({ at: fc.nat(1000), how: fc.constantFrom("replace", "remove", "add", "huge"), junk });

/** Breaks a document in one place: a value of another kind, a missing or unknown field, a value beyond every limit. */
const mutate = (document: unknown, { at, how, junk: value }: Mutation): unknown => {
  const places: { parent: Record<string, unknown>; key: string }[] = [];
  const visit = (one: unknown): void => {
    if (typeof one !== "object" || one === null) return;
    for (const [key, next] of Object.entries(one)) {
      places.push({ parent: one as Record<string, unknown>, key });
      visit(next);
    }
  };
  const root = { root: structuredClone(document) };
  visit(root);
  const place = places[at % places.length];
  if (place === undefined) return value;
  if (how === "remove") delete place.parent[place.key];
  else if (how === "add")
    // An assignment to `__proto__` would add no field.
    Object.defineProperty(place.parent, ["unknown", "projectId", "__proto__", "\u0000"][at % 4] ?? "", {
      value,
      enumerable: true,
      configurable: true,
    });
  else place.parent[place.key] = how === "huge" ? "h".repeat(at % 5 === 0 ? 1_200_000 : 20_000) : value;
  return root.root;
};

const maybeBroken = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(valid, fc.boolean(), fc.array(mutation, { minLength: 1, maxLength: 2 }))
    .map(([value, isBroken, mutations]) => (isBroken ? mutations.reduce(mutate, value) : value));

/** At most three of many parameters, so that some requests have only valid ones. */
const parametersMax = 3;

const partOf = (operation: Operation, place: "path" | "query" | "header"): fc.Arbitrary<Record<string, unknown>> => {
  const parameters = operation.parameters.filter((one) => one.in === place);
  const valueFor = ({ name, schema }: (typeof parameters)[number]) =>
    fc.oneof({ weight: 9, arbitrary: place === "path" && isIdName(name) ? idMarker : valuesOf(schema, name) }, text);
  const chosen =
    place === "path" ? fc.constant(parameters) : fc.subarray(parameters, { maxLength: Math.min(parametersMax, parameters.length) });
  return chosen.chain((some) => fc.record(Object.fromEntries(some.map((one) => [one.name, valueFor(one)]))));
};

export const requestOf = (operation: Operation): fc.Arbitrary<FuzzRequest> =>
  fc.record({
    path: partOf(operation, "path"),
    query: partOf(operation, "query"),
    header: partOf(operation, "header"),
    body: operation.body === undefined ? fc.constant(undefined) : maybeBroken(valuesOf(operation.body, "")),
  });

/** Replaces the markers of ids. */
export const withIds = <Value>(value: Value, idAt: (n: number) => string): Value => {
  if (typeof value === "string") return value.replace(/^@id:(\d+)$/, (_all, n: string) => idAt(Number(n))) as Value;
  if (Array.isArray(value)) return value.map((one) => withIds(one, idAt)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withIds(one, idAt)])) as Value;
};
