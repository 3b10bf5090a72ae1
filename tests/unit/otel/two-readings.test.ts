/**
 * OTLP/JSON is read in two ways: a small body as a whole, any other in slices. Both accept the same requests, with the same spans, and refuse
 * the same, with the same code.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import { defaultOtlpLimits, type OtlpLimits, storedOtlpLimits } from "../../../core/otel/otlp-traces.ts";
import { openStoredTraces, openTracesJson } from "../../../core/otel/parse-json.ts";
import { collectTraces, type SpanStream } from "../../../core/otel/span-stream.ts";

const sizeMax = 6000;
const limits: fc.Arbitrary<OtlpLimits> = fc
  .record({
    elementsMax: fc.constantFrom(25, 60, 10_000, 10_000),
    spansMax: fc.constantFrom(2, 10_000, 10_000),
    spanElementsMax: fc.constantFrom(4, 10_000, 10_000),
  })
  .map((some) => ({ ...defaultOtlpLimits, headSizeMax: sizeMax, spanSizeMax: sizeMax, nestingMax: 3, ...some }));

const read = (open: () => SpanStream): unknown => {
  try {
    return collectTraces(open());
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
};

/** Spaces after the value change nothing but the size, and so the way of reading. */
const longer = (bytes: Uint8Array): Uint8Array => {
  const all = new Uint8Array(bytes.length + sizeMax + 1).fill(32);
  all.set(bytes);
  return all;
};

/** JSON as text, so that a name may come twice and a number may be written in any way. */
const objectOf = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
const listOf = (items: readonly string[]): string => `[${items.join(", ")}]`;

const odd = fc.constantFrom(
  ...["null", "{}", "[]", '""', "0", "true", '"x"', "[null]", "[1]", '{"__proto__":{"a":1}}', '{"constructor":null}'],
);
const number = fc.constantFrom(
  ...["0", "-1", "1.5", "1e3", "9007199254740993", "-9007199254740993", "12345678901234567890", "1795341600000000000"],
  ...["1e400", '"NaN"', '"-5"', "0.10", '{"low":1,"high":2}', "1234567890123456.5", '" 7 "'],
);
const text = fc.constantFrom('"a"', '"\\u0000"', '"\\ud800"', '"ü€😀"', '"\\"{[,"', '" 12345678901234567 ,"');
const or = (value: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: odd });
const listed = (item: fc.Arbitrary<string>, maxLength = 2) => or(fc.array(or(item), { maxLength }).map(listOf));
const named = (names: string[], value: fc.Arbitrary<string>) => fc.tuple(fc.constantFrom(...names), value);
/** Each member at most twice, under any of its names, among others that no one knows. */
const object = (...members: fc.Arbitrary<[string, string]>[]) =>
  fc
    .array(fc.oneof(...members.map((arbitrary) => ({ weight: 5, arbitrary })), { weight: 1, arbitrary: stranger }), {
      minLength: members.length,
      maxLength: members.length * 2,
    })
    .map(objectOf);
const stranger = named(["__proto__", "constructor", "toString", "", "other"], fc.oneof(odd, number, text));

const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    named(["stringValue", "string_value"], or(text)).map((one) => objectOf([one])),
    named(["intValue", "int_value", "doubleValue", "boolValue", "bytesValue"], or(number)).map((one) => objectOf([one])),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => `{"arrayValue":{"values":${listOf(values)}}}`),
    tie("value").map((inner) => `{"kvlistValue":{"values":[{"key":"k","value":${inner}}]}}`),
  ),
})).value;
const attribute = fc.tuple(or(text), or(value)).map(([key, content]) =>
  objectOf([
    ["key", key],
    ["value", content],
  ]),
);
const attributes = named(["attributes"], listed(attribute));
const id = (digits: number) => fc.constantFrom(`"${"a".repeat(digits)}"`, `"${"B1".repeat(digits / 2)}"`, `"${"0".repeat(digits)}"`);
const span = fc
  .tuple(
    or(id(32)),
    or(id(16)),
    object(
      attributes,
      named(["parentSpanId", "parent_span_id"], or(id(16))),
      named(["name"], or(text)),
      named(["kind", "flags"], or(fc.oneof(number, fc.constant('"SPAN_KIND_CLIENT"')))),
      named(["startTimeUnixNano", "start_time_unix_nano", "endTimeUnixNano"], or(number)),
      named(["events", "links"], listed(object(attributes, named(["name", "traceId"], or(text))))),
      named(["status"], or(object(named(["code", "message"], or(number))))),
    ),
  )
  .map(([traceId, spanId, rest]) => `{"traceId":${traceId},"spanId":${spanId},${rest.slice(1)}`);
const schemaUrl = named(["schemaUrl", "schema_url"], or(text));
const scope = object(
  named(["spans"], listed(span, 3)),
  named(["scope", "instrumentationLibrary"], or(object(attributes, named(["name"], or(text))))),
  schemaUrl,
);
const resource = object(
  named(["scopeSpans", "scope_spans", "instrumentationLibrarySpans"], listed(scope)),
  named(["resource"], or(object(attributes))),
  schemaUrl,
);
const request = or(
  object(
    named(["resourceSpans", "resource_spans"], listed(resource)),
    named(["resourceSpans"], listed(resource)),
    named(["resourceLogs", "resource_metrics"], odd),
  ),
);

type Change = { at: number; bytes: Uint8Array; kind: "put" | "cut" };
/** Bytes put in or cut out somewhere: mostly what makes or breaks JSON and UTF-8. */
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(9999),
  bytes: fc.oneof(
    fc
      .constantFrom(...['"', "{", "}", "[", "]", ",", ":", " ", "\\", "0", "-", "n", "\u0000", "\ufeff"])
      .map((one) => new TextEncoder().encode(one)),
    fc.uint8Array({ minLength: 1, maxLength: 2 }),
  ),
  kind: fc.constantFrom("put", "cut"),
});
const changed = (bytes: Uint8Array, changes: readonly Change[]): Uint8Array =>
  changes.reduce((all, { at, bytes: put, kind }) => {
    const from = (at * 7919) % (all.length + 1);
    return Uint8Array.from([...all.subarray(0, from), ...(kind === "put" ? put : []), ...all.subarray(kind === "put" ? from : from + 1)]);
  }, bytes);

it("a body read as a whole and the same body read in slices are the same request, or refused alike", () => {
  const seen = { accepted: 0, refused: 0, rejected: 0 };
  fc.assert(
    fc.property(request, limits, fc.boolean(), fc.array(change, { maxLength: 2 }), (json, limited, isMarked, changes) => {
      const bytes = changed(new TextEncoder().encode(`${isMarked ? "\ufeff" : ""}${json}`), changes);
      fc.pre(bytes.length <= sizeMax);
      const whole = read(() => openTracesJson(bytes, limited));
      expect(whole).toEqual(read(() => openTracesJson(longer(bytes), limited)));
      if (typeof whole === "object" && whole !== null && "code" in whole) seen.refused++;
      else if (JSON.stringify(whole).includes('"reason"')) seen.rejected++;
      else seen.accepted++;
    }),
    { numRuns: 1500 },
  );
  // The property says something about each of them.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

it("a stored request is read as it was taken in", () => {
  fc.assert(
    fc.property(request, (json) => {
      const bytes = new TextEncoder().encode(json);
      const taken = read(() => openTracesJson(longer(bytes), { ...storedOtlpLimits, headSizeMax: sizeMax, spanSizeMax: sizeMax }));
      fc.pre(bytes.length <= sizeMax);
      expect(read(() => openStoredTraces(json))).toEqual(taken);
      if (typeof taken === "object" && taken !== null && "traces" in taken)
        expect(read(() => openStoredTraces(JSON.stringify(taken.traces)))).toMatchObject({ traces: taken.traces, rejected: [] });
    }),
    { numRuns: 1500 },
  );
});
