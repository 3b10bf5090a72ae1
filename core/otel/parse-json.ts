/**
 * OTLP/JSON to the one shape of traces, as lenient as exporters are: names in camelCase or snake_case, ids as hex, base64 or lists of
 * bytes, 64-bit integers as text, numbers or `{ low, high }`, enums as numbers or names, absent and null lists as empty.
 * What is above the spans must be sound; a span that is not is counted, its neighbours go on. Memory: the bytes, and one span as text and objects.
 */
import { AppError } from "../errors.ts";
import { fromBase64, toBase64, toHex } from "./byte-text.ts";
import { jsonDouble } from "./json-double.ts";
import {
  isListAt,
  isObjectAt,
  itemsOf,
  JsonFault,
  membersOf,
  parseSlice,
  parseText,
  type Slice,
  sliceOf,
  textOf as sliceText,
} from "./json-slices.ts";
import {
  type AnyValue,
  type DecodedTraces,
  defaultOtlpLimits,
  type KeyValue,
  type OtlpLimits,
  type Scope,
  type Span,
} from "./otlp-traces.ts";
import { SpanFault } from "./rejections.ts";
import { checkSize, checkSpan, type ElementBudget, flagsOf, tooMany, tooManyInOne, traceStateOf } from "./span-bounds.ts";
import { collectTraces, type FoundSpan, openSpans, type Reads, type ResourceHead, type ScopeHead, type SpanStream } from "./span-stream.ts";

/** The whole request. Throws INVALID_JSON, INVALID_REQUEST when what is above the spans is malformed, PAYLOAD_TOO_LARGE when there are too many elements. */
export const parseTracesJson = (text: string, limits: OtlpLimits = defaultOtlpLimits): DecodedTraces =>
  collectTraces(openTracesJson(new TextEncoder().encode(text), limits));

/** The same span by span, from UTF-8. */
export const openTracesJson = (bytes: Uint8Array, limits: OtlpLimits = defaultOtlpLimits): SpanStream =>
  openSpans(limits, (reads) => readTraces(bytes, reads));

type Fields = { readonly [name: string]: unknown };

const invalid = (message: string): AppError => new AppError({ code: "INVALID_REQUEST", message });

function* readTraces(bytes: Uint8Array, reads: Reads): Generator<FoundSpan, void> {
  try {
    const whole = sliceOf(bytes);
    if (whole.values > reads.budget.limits.elementsMax * 2 * valuesOfElement) throw tooMany(`${reads.budget.limits.elementsMax} elements`);
    const body = frameOf(bytes, whole, requestNames, reads, "The body must be an object");
    const list = body.get("resourceSpans") ?? body.get("resource_spans");
    const other = body.get("resourceLogs") ?? body.get("resource_logs") ?? body.get("resourceMetrics") ?? body.get("resource_metrics");
    if (list === undefined && other !== undefined && !isNullAt(bytes, other))
      throw invalid("The body holds logs or metrics; only traces are taken here");
    for (const part of listItems(bytes, list, "resourceSpans", reads)) yield* readResourceSpans(bytes, part, reads);
  } catch (error) {
    if (error instanceof JsonFault) throw new AppError({ code: "INVALID_JSON", message: "The body is not valid JSON", cause: error });
    throw error;
  }
}

const requestNames: ReadonlySet<string> = new Set([
  "resourceSpans",
  "resource_spans",
  "resourceLogs",
  "resource_logs",
  "resourceMetrics",
  "resource_metrics",
]);
const resourceNames: ReadonlySet<string> = new Set(["resource", "schemaUrl", "schema_url", "scopeSpans", "scope_spans"]);
const scopeNames: ReadonlySet<string> = new Set(["scope", "schemaUrl", "schema_url", "spans"]);

type Frame = ReadonlyMap<string, Slice>;

/** The members of an object that have one of the names, the last of each. Each member spends; what nobody asks for must be JSON. */
const frameOf = (bytes: Uint8Array, slice: Slice, names: ReadonlySet<string>, reads: Reads, complaint: string): Frame => {
  if (!isObjectAt(bytes, slice)) {
    if (slice.values <= reads.budget.limits.spanElementsMax) parseSlice(bytes, slice);
    throw invalid(complaint);
  }
  const frame = new Map<string, Slice>();
  for (const [name, value] of membersOf(bytes, slice)) {
    reads.budget.spend();
    if (names.has(name)) frame.set(name, value);
    else parseBounded(bytes, value, reads);
  }
  return frame;
};

/** Of what is above the spans. Throws PAYLOAD_TOO_LARGE when it holds more than may be held. */
const parseBounded = (bytes: Uint8Array, slice: Slice, { budget }: Reads): unknown => {
  if (slice.values > budget.limits.spanElementsMax) throw tooMany(`${budget.limits.spanElementsMax} values beside its spans`);
  return parseSlice(bytes, slice);
};

const isNullAt = (bytes: Uint8Array, { from, to }: Slice): boolean => to - from === 4 && bytes[from] === 110;

function* listItems(
  bytes: Uint8Array,
  slice: Slice | undefined,
  name: string,
  reads: Reads,
  spend = reads.budget.spend,
): Generator<Slice, void> {
  if (slice === undefined || isNullAt(bytes, slice)) return;
  if (!isListAt(bytes, slice)) {
    parseBounded(bytes, slice, reads);
    throw invalid(`${name} must be an array`);
  }
  for (const item of itemsOf(bytes, slice)) {
    spend();
    yield item;
  }
}

function* readResourceSpans(bytes: Uint8Array, slice: Slice, reads: Reads): Generator<FoundSpan, void> {
  const frame = frameOf(bytes, slice, resourceNames, reads, "resourceSpans must hold objects");
  const attributes = readOrFault(() => {
    const budget = reads.budget.ofHead();
    return attributesOf(ownObject(bytes, frame.get("resource"), "resource", budget), budget);
  });
  const fault = attributes instanceof SpanFault ? attributes : undefined;
  const resource: ResourceHead = {
    resource: { attributes: attributes instanceof SpanFault ? [] : attributes },
    ...schemaUrlOf(bytes, frame, reads),
  };
  for (const below of listItems(bytes, frame.get("scopeSpans") ?? frame.get("scope_spans"), "scopeSpans", reads))
    yield* readScopeSpans(bytes, below, resource, reads, fault);
}

/** `faultAbove`: the resource could not be read, so no span below it can be. */
function* readScopeSpans(
  bytes: Uint8Array,
  slice: Slice,
  resource: ResourceHead,
  reads: Reads,
  faultAbove: SpanFault | undefined,
): Generator<FoundSpan, void> {
  const frame = frameOf(bytes, slice, scopeNames, reads, "scopeSpans must hold objects");
  const own = readOrFault(() => {
    const budget = reads.budget.ofHead();
    return readScope(ownObject(bytes, frame.get("scope"), "scope", budget), budget);
  });
  const fault = faultAbove ?? (own instanceof SpanFault ? own : undefined);
  const scope: ScopeHead = {
    scope: own instanceof SpanFault ? { name: "", version: "", attributes: [] } : own,
    ...schemaUrlOf(bytes, frame, reads),
  };
  for (const one of listItems(bytes, frame.get("spans"), "spans", reads, reads.budget.spendSpan)) {
    reads.spanCount += 1;
    const span = fault ?? readOrFault(() => readSpanAt(bytes, one, reads.budget.ofSpan()));
    if (span instanceof SpanFault) reads.rejected.add(span.message);
    else yield { resource, scope, span };
  }
}

const schemaUrlOf = (bytes: Uint8Array, frame: Frame, reads: Reads): { schemaUrl?: string } => {
  const slice = frame.get("schemaUrl") ?? frame.get("schema_url");
  const url = slice === undefined ? undefined : parseBounded(bytes, slice, reads);
  return typeof url === "string" && url !== "" ? { schemaUrl: url } : {};
};

const readSpanAt = (bytes: Uint8Array, slice: Slice, budget: ElementBudget): Span => readSpan(valueOfSlice(bytes, slice, budget), budget);

const ownObject = (bytes: Uint8Array, slice: Slice | undefined, name: string, budget: ElementBudget): Fields => {
  const value = slice === undefined ? undefined : valueOfSlice(bytes, slice, budget);
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new SpanFault(`${name} is not an object`);
  return value;
};

/** Commas and brackets of an attribute with a value: `{"key":"k","value":{"intValue":1}},` */
const valuesOfElement = 4;

/** Looked at before it becomes objects: these take more room than the text. */
const valueOfSlice = (bytes: Uint8Array, slice: Slice, budget: ElementBudget): unknown => {
  checkSize(slice.to - slice.from, budget.sizeMax);
  if (slice.values > budget.elementsMax * valuesOfElement) throw tooManyInOne(budget.elementsMax);
  return parseLossless(sliceText(bytes, slice));
};

/** Integers too large for a number stay text, wherever the text holds one; the slow way is taken only then. */
const parseLossless = (text: string): unknown => parseText(/[:[,\s]-?\d{16,}\s*[,\]}]/.test(text) ? withLargeIntegersQuoted(text) : text);

/**
 * Of the text what is outside of strings is looked at. A reviver would see the numbers too, but follows the document by recursion: one span nested without end would
 * cost the whole request; so would one expression for whole strings, by their escapes.
 */
const withLargeIntegersQuoted = (text: string): string => {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('"', at);
    const outside = text.slice(at, open === -1 ? text.length : open);
    parts.push(outside.replace(/-?\d[\d.eE+-]*/g, (number) => (isLargeInteger(number) ? `"${number}"` : number)));
    if (open === -1) break;
    at = endOfString(text, open);
    parts.push(text.slice(open, at));
  }
  return parts.join("");
};

/** Behind the quote that ends it: the first with an even number of backslashes before. */
const endOfString = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
};

const isLargeInteger = (number: string): boolean => /^-?[1-9]\d{15,}$/.test(number) && !Number.isSafeInteger(Number(number));

const readScope = (scope: Fields, budget: ElementBudget): Scope => ({
  name: textOf(field(scope, "name"), "name of the scope"),
  version: textOf(field(scope, "version"), "version of the scope"),
  attributes: attributesOf(scope, budget),
});

const readSpan = (input: unknown, budget: ElementBudget): Span => {
  if (!isFields(input)) throw new SpanFault("a span is not an object");
  const status = optionalObject(input, "status");
  const message = textOf(field(status, "message"), "message of the status");
  return checkSpan({
    traceId: idOf(field(input, "traceId", "trace_id"), 16, "trace id"),
    spanId: idOf(field(input, "spanId", "span_id"), 8, "span id"),
    parentSpanId: idOf(field(input, "parentSpanId", "parent_span_id"), 8, "parent span id"),
    name: textOf(field(input, "name"), "name"),
    kind: enumOf(field(input, "kind"), spanKinds),
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
    status: { code: enumOf(field(status, "code"), statusCodes), ...(message === "" ? {} : { message }) },
    ...traceStateIn(input),
    ...flagsOf(uint32Of(field(input, "flags"))),
  });
};

/** What is no text is as if it was not sent: no span is worse for it. */
const traceStateIn = (input: Fields): { traceState?: string } => {
  const text = field(input, "traceState", "trace_state");
  return traceStateOf(typeof text === "string" ? text : "");
};

const spanKinds = [
  "SPAN_KIND_UNSPECIFIED",
  "SPAN_KIND_INTERNAL",
  "SPAN_KIND_SERVER",
  "SPAN_KIND_CLIENT",
  "SPAN_KIND_PRODUCER",
  "SPAN_KIND_CONSUMER",
];
const statusCodes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/** Unknown names mean 0, as an unknown number does. */
const enumOf = (value: unknown, names: string[]): number => {
  if (typeof value === "string") return /^\d{1,9}$/.test(value) ? Number(value) : Math.max(0, names.indexOf(value));
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : 0;
};

/** 0 for what is none. */
const uint32Of = (value: unknown): number => {
  const flags = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof flags === "number" && Number.isInteger(flags) && flags >= 0 && flags < 2 ** 32 ? flags : 0;
};

const attributesOf = (owner: Fields, budget: ElementBudget, level = 0): KeyValue[] => pairsOf(field(owner, "attributes"), budget, level);

const pairsOf = (list: unknown, budget: ElementBudget, level: number): KeyValue[] =>
  spanList(list, "attributes").map((pair) => {
    budget.spend();
    return { key: textOf(field(pair, "key"), "key of an attribute"), value: anyValueOf(field(pair, "value"), budget, level) };
  });

const anyValueOf = (value: unknown, budget: ElementBudget, level: number): AnyValue => {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new SpanFault("the value of an attribute is not an object");
  if (level > budget.nestingMax) throw new SpanFault(`an attribute is nested deeper than ${budget.nestingMax} levels`);
  for (const { camelName, snakeName, read } of valueKinds) {
    const content = field(value, camelName, snakeName);
    if (content !== undefined && content !== null) return read(content, budget, level);
  }
  return {};
};

type ValueReader = (content: unknown, budget: ElementBudget, level: number) => AnyValue;

const valueReaders: Record<string, ValueReader> = {
  stringValue: (content) => ({ stringValue: textOf(content, "stringValue") }),
  boolValue: (content) => ({ boolValue: content === true || content === "true" }),
  intValue: (content) => ({ intValue: int64Of(content) }),
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

const valueKinds = Object.entries(valueReaders).map(([camelName, read]) => ({
  camelName,
  snakeName: camelName.replace("Value", "_value"),
  read,
}));

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

/** A time that cannot be read counts as one that was not sent: the other end of the span stands in for it. */
const nanosOf = (content: unknown): string => {
  const value = integerOf(content);
  return value === undefined || value < 0n || value >= 2n ** 64n ? "0" : value.toString();
};

const integerOf = (content: unknown): bigint | undefined => {
  if (typeof content === "number") return Number.isFinite(content) ? BigInt(Math.trunc(content)) : undefined;
  if (typeof content === "string") return /^\s*-?\d{1,30}\s*$/.test(content) ? BigInt(content.trim()) : undefined;
  if (!isFields(content)) return undefined;
  const { low, high } = content;
  return Number.isInteger(low) && Number.isInteger(high) ? BigInt(Number(high)) * 2n ** 32n + BigInt(Number(low) >>> 0) : undefined;
};

/** In base64, with what may stand around it. */
const idLengthMax = 1000;

/** Hex of the id; empty when it was not sent. Hex of the right length wins over base64, the lengths of which differ. */
const idOf = (content: unknown, length: number, name: string): string => {
  if (content === undefined || content === null || content === "") return "";
  if (typeof content === "string" && content.length === 2 * length && /^[0-9a-f]+$/i.test(content)) return content.toLowerCase();
  if (typeof content === "string" && content.length > idLengthMax) throw new SpanFault(`${name} is not ${length} bytes long`);
  const bytes = bytesOf(content);
  if (bytes === undefined) throw new SpanFault(`${name} is neither hex nor base64`);
  if (bytes.length !== length) throw new SpanFault(`${name} is not ${length} bytes long`);
  return toHex(bytes);
};

/** Empty for what is no id: `checkSpan` leaves such links out. */
const linkIdOf = (content: unknown, length: number): string => {
  const id = readOrFault(() => idOf(content, length, "id of a link"));
  return id instanceof SpanFault ? "" : id;
};

/** Base64, a list of bytes, or a Node Buffer as JSON writes it. */
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

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** The field under either name, the object's own only. */
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

const spanList = (value: unknown, name: string): Fields[] =>
  spanValues(value, name).map((item) => {
    if (!isFields(item)) throw new SpanFault(`${name} holds something that is not an object`);
    return item;
  });

const readOrFault = <Result>(read: () => Result): Result | SpanFault => {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpanFault) return error;
    throw error;
  }
};
