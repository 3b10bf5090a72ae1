/** Converts one parsed span of OTLP/JSON from the spellings of exporters to the common shape. Throws SpanFault for an unreadable span. */
import { fromBase64, toBase64, toHex } from "../byte-text.ts";
import { parseDecimal } from "../models/decimal.ts";
import { jsonDouble } from "./json-double.ts";
import type { AnyValue, KeyValue, Scope, Span } from "./otlp-traces.ts";
import { SpanFault } from "./rejections.ts";
import { checkSpan, type ElementBudget, flagsOf, traceStateOf } from "./span-bounds.ts";
import { nanosOfDecimal, nanosOfInstant } from "./span-times.ts";

export type Fields = { readonly [name: string]: unknown };

export const readScope = (scope: Fields, budget: ElementBudget): Scope => ({
  name: textOf(field(scope, "name"), "name of the scope"),
  version: textOf(field(scope, "version"), "version of the scope"),
  attributes: attributesOf(scope, budget),
});

export const readSpan = (input: unknown, budget: ElementBudget): Span => {
  if (!isFields(input)) throw new SpanFault("a span is not an object");
  const status = statusOf(input);
  const message = textOf(field(status, "message"), "message of the status");
  return checkSpan({
    traceId: idOf(field(input, "traceId", "trace_id"), 16, "trace id"),
    spanId: idOf(field(input, "spanId", "span_id"), 8, "span id"),
    parentSpanId: idOf(field(input, "parentSpanId", "parent_span_id"), 8, "parent span id"),
    name: textOf(field(input, "name"), "name"),
    kind: enumOf(field(input, "kind"), "SPAN_KIND_", spanKinds),
    startTimeUnixNano: nanosOf(field(input, "startTimeUnixNano", "start_time_unix_nano")),
    endTimeUnixNano: nanosOf(field(input, "endTimeUnixNano", "end_time_unix_nano")),
    attributes: attributesOf(input, budget),
    events: spanList(field(input, "events"), "events").map((event) => {
      budget.spend();
      return {
        timeUnixNano: nanosOf(field(event, "timeUnixNano", "time_unix_nano")),
        name: textOf(field(event, "name"), "name of an event"),
        attributes: attributesOf(event, budget),
      };
    }),
    links: spanList(field(input, "links"), "links").map((link) => {
      budget.spend();
      return {
        traceId: linkIdOf(field(link, "traceId", "trace_id"), 16),
        spanId: linkIdOf(field(link, "spanId", "span_id"), 8),
        ...traceStateIn(link),
        attributes: attributesOf(link, budget),
      };
    }),
    status: { code: enumOf(field(status, "code"), "STATUS_CODE_", statusCodes), ...(message === "" ? {} : { message }) },
    ...traceStateIn(input),
    ...flagsOf(uint32Of(field(input, "flags"))),
  });
};

/** Some write the code alone. */
const statusOf = (input: Fields): Fields => {
  const status = field(input, "status");
  return typeof status === "string" || typeof status === "number" ? { code: status } : optionalObject(input, "status");
};

/** A value that is not text counts as not sent, because it does not make the span worse. */
const traceStateIn = (input: Fields): { traceState?: string } => {
  const text = field(input, "traceState", "trace_state");
  return traceStateOf(typeof text === "string" ? text : "");
};

const spanKinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const statusCodes = ["UNSET", "OK", "ERROR"];

/** Names count in any case and without their prefix, as SDKs and log pipelines print them. Unknown names and numbers become 0. */
const enumOf = (value: unknown, prefix: string, names: string[]): number => {
  if (typeof value !== "string") return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : 0;
  const name = value.trim().toUpperCase();
  if (/^\d{1,9}$/.test(name)) return Number(name);
  return Math.max(0, names.indexOf(name.startsWith(prefix) ? name.slice(prefix.length) : name));
};

/** Returns 0 for anything else. */
const uint32Of = (value: unknown): number => {
  const flags = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof flags === "number" && Number.isInteger(flags) && flags >= 0 && flags < 2 ** 32 ? flags : 0;
};

export const attributesOf = (owner: Fields, budget: ElementBudget, level = 0): KeyValue[] =>
  pairsOf(field(owner, "attributes"), budget, level);

const pairsOf = (list: unknown, budget: ElementBudget, level: number): KeyValue[] =>
  spanList(list, "attributes").map((pair) => {
    budget.spend();
    return { key: textOf(field(pair, "key"), "key of an attribute"), value: anyValueOf(field(pair, "value"), budget, level) };
  });

const anyValueOf = (value: unknown, budget: ElementBudget, level: number): AnyValue => {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new SpanFault("the value of an attribute is not an object");
  if (level > budget.nestingMax) throw new SpanFault(`an attribute is nested deeper than ${budget.nestingMax} levels`);
  for (const { camelName, snakeName, goName, read } of valueKinds) {
    const content = field(value, camelName, snakeName) ?? field(value, goName);
    if (content !== undefined && content !== null) return read(content, budget, level);
  }
  const inner = field(value, "Value");
  return isFields(inner) ? anyValueOf(inner, budget, level + 1) : {};
};

type ValueReader = (content: unknown, budget: ElementBudget, level: number) => AnyValue;

const valueReaders: Record<string, ValueReader> = {
  stringValue: (content) => ({ stringValue: textOf(content, "stringValue") }),
  boolValue: (content) => ({
    boolValue: content === true || content === 1 || (typeof content === "string" && /^(true|1)$/i.test(content)),
  }),
  // A fraction is kept: cut, it would be another value.
  intValue: (content) => (isFractional(content) ? { doubleValue: content } : { intValue: int64Of(content) }),
  doubleValue: (content) => ({ doubleValue: doubleOf(content) }),
  arrayValue: (content, budget, level) => {
    const values = spanValues(isFields(content) ? field(content, "values") : content, "arrayValue");
    return {
      arrayValue: {
        values: values.map((value) => {
          budget.spend();
          return anyValueOf(value, budget, level + 1);
        }),
      },
    };
  },
  kvlistValue: (content, budget, level) => ({
    kvlistValue: { values: pairsOf(isFields(content) ? field(content, "values") : content, budget, level + 1) },
  }),
  bytesValue: (content) => {
    const bytes = bytesOf(content);
    if (bytes === undefined) throw new SpanFault("bytesValue is not base64");
    return { bytesValue: toBase64(bytes) };
  },
};

/** Go's encoding/json writes a value of the generated types as `{ Value: { StringValue: "x" } }`. */
const valueKinds = Object.entries(valueReaders).map(([camelName, read]) => ({
  camelName,
  snakeName: camelName.replace("Value", "_value"),
  goName: camelName.slice(0, 1).toUpperCase() + camelName.slice(1),
  read,
}));

const isFractional = (content: unknown): content is number =>
  typeof content === "number" && Number.isFinite(content) && !Number.isInteger(content);

const doubleOf = (content: unknown): number | "NaN" | "Infinity" | "-Infinity" => {
  const value = typeof content === "string" && content.trim() !== "" ? Number(content) : content;
  if (typeof value !== "number" || (Number.isNaN(value) && content !== "NaN")) throw new SpanFault("doubleValue is not a number");
  return jsonDouble(value);
};

const int64Of = (content: unknown): string => {
  const value = integerOf(content);
  if (value === undefined || value < -(2n ** 63n) || value >= 2n ** 63n) throw new SpanFault("intValue is not a 64-bit integer");
  return value.toString();
};

/**
 * A time may have a fraction if it is in a coarser unit, be an instant in ISO 8601, or `[seconds, nanoseconds]` as OpenTelemetry for
 * JavaScript has it. An unreadable one counts as not sent: the span's other time then replaces it.
 */
const nanosOf = (content: unknown): string => {
  if (Array.isArray(content)) return content.length === 2 ? nanosOfPair(content[0], content[1]) : "0";
  const decimal = isFraction(content) ? parseDecimal(String(content)) : undefined;
  const value = decimal === undefined ? (integerOf(content) ?? nanosOfInstant(content)) : nanosOfDecimal(decimal);
  return value === undefined || value < 0n || value >= 2n ** 64n ? "0" : value.toString();
};

const nanosOfPair = (seconds: unknown, nanos: unknown): string => {
  const [whole, part] = [integerOf(seconds), integerOf(nanos)];
  return whole === undefined || part === undefined ? "0" : nanosOf((whole * 1_000_000_000n + part).toString());
};

const integerOf = (content: unknown): bigint | undefined => {
  if (typeof content === "number") return Number.isFinite(content) ? BigInt(Math.trunc(content)) : undefined;
  if (typeof content === "string") return /^\s*-?\d{1,30}\s*$/.test(content) ? BigInt(content.trim()) : wholeDecimal(content);
  if (!isFields(content)) return undefined;
  const { low, high } = content;
  return Number.isInteger(low) && Number.isInteger(high) ? BigInt(Number(high)) * 2n ** 32n + BigInt(Number(low) >>> 0) : undefined;
};

/** Protobuf's JSON allows `1e3` and `1.0` for integers, but no fraction: https://protobuf.dev/programming-guides/json/ */
const wholeDecimal = (text: string): bigint | undefined => {
  const decimal = text.length > decimalLengthMax ? undefined : parseDecimal(text);
  if (decimal === undefined) return undefined;
  const divisor = 10n ** BigInt(decimal.scale);
  return decimal.units % divisor === 0n ? decimal.units / divisor : undefined;
};

const isFraction = (content: unknown): boolean =>
  typeof content === "number"
    ? !Number.isInteger(content)
    : typeof content === "string" && content.length <= decimalLengthMax && content.includes(".");

/** Bounds the work: no number of 64 bits is written longer. */
const decimalLengthMax = 50;

/** Longest text read as an id: base64 with surrounding characters. */
const idLengthMax = 1000;

/**
 * Returns the id as hex, or an empty string if it was not sent. Hex of the right length, also with `0x` or as a UUID, takes precedence over
 * base64, whose lengths differ.
 */
const idOf = (content: unknown, length: number, name: string): string => {
  if (content === undefined || content === null || content === "") return "";
  if (typeof content === "string" && content.length > idLengthMax) throw new SpanFault(`${name} is not ${length} bytes long`);
  const hex = typeof content === "string" ? content.replace(/^0x/i, "").replaceAll("-", "") : "";
  if (hex.length === 2 * length && /^[0-9a-f]+$/i.test(hex)) return hex.toLowerCase();
  const bytes = bytesOf(content);
  if (bytes === undefined) throw new SpanFault(`${name} is neither hex nor base64`);
  const written = bytes.length === 2 * length ? String.fromCharCode(...bytes) : "";
  // An exporter for Swift encodes the hex digits once more: https://github.com/open-telemetry/opentelemetry-swift/issues/537
  if (/^[0-9a-f]+$/i.test(written)) return written.toLowerCase();
  if (bytes.length !== length) throw new SpanFault(`${name} is not ${length} bytes long`);
  return toHex(bytes);
};

/** Returns an empty string for anything that is not an id. `checkSpan` omits such links. */
const linkIdOf = (content: unknown, length: number): string => {
  const id = readOrFault(() => idOf(content, length, "id of a link"));
  return id instanceof SpanFault ? "" : id;
};

/** Reads base64, a list of bytes, or a Node Buffer as JSON. */
const bytesOf = (content: unknown): Uint8Array | undefined => {
  if (typeof content === "string") return fromBase64(content);
  const list = isFields(content) ? content["data"] : content;
  const isBytes = Array.isArray(list) && list.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isBytes ? Uint8Array.from(list) : undefined;
};

const textOf = (content: unknown, name: string): string => {
  if (content === undefined || content === null) return "";
  if (typeof content === "object") throw new SpanFault(`${name} is not text`);
  return String(content);
};

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads an own field of the object under either name. */
const field = (object: Fields, name: string, otherName = name): unknown => {
  if (Object.hasOwn(object, name)) return object[name];
  return Object.hasOwn(object, otherName) ? object[otherName] : undefined;
};

const optionalObject = (owner: Fields, name: string): Fields => {
  const value = field(owner, name);
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new SpanFault(`${name} is not an object`);
  return value;
};

const spanValues = (value: unknown, name: string): unknown[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new SpanFault(`${name} is not an array`);
  return value;
};

/** JavaScript writes an item that is undefined as null: it is nothing. */
const spanList = (value: unknown, name: string): Fields[] =>
  spanValues(value, name).flatMap((item) => {
    if (item === null) return [];
    if (!isFields(item)) throw new SpanFault(`${name} holds something that is not an object`);
    return [item];
  });

export const readOrFault = <Result>(read: () => Result): Result | SpanFault => {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpanFault) return error;
    throw error;
  }
};
