/**
 * Decodes OTLP/JSON to the common shape of traces, as lenient as exporters need: names in camelCase or snake_case, ids as hex, base64 or
 * lists of bytes, 64-bit integers as text, numbers or `{ low, high }`, enums as numbers or names, missing and null lists as empty.
 * Everything above the spans must be valid. An invalid span is counted, and the others continue. Memory: the bytes, and one span as text
 * and objects.
 */
import { AppError } from "../errors.ts";
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
import { attributesOf, type Fields, isFields, readOrFault, readScope, readSpan } from "./json-span.ts";
import { type DecodedTraces, defaultOtlpLimits, type OtlpLimits, type Span } from "./otlp-traces.ts";
import { SpanFault } from "./rejections.ts";
import { checkSize, type ElementBudget, tooMany, tooManyInOne } from "./span-bounds.ts";
import { collectTraces, type FoundSpan, openSpans, type Reads, type ResourceHead, type ScopeHead, type SpanStream } from "./span-stream.ts";

/**
 * Decodes the whole request. Throws INVALID_JSON, INVALID_REQUEST if anything above the spans is malformed, PAYLOAD_TOO_LARGE if there are
 * too many elements.
 */
export const parseTracesJson = (text: string, limits: OtlpLimits = defaultOtlpLimits): DecodedTraces =>
  collectTraces(openTracesJson(new TextEncoder().encode(text), limits));

/** Decodes the request span by span, from UTF-8. */
export const openTracesJson = (bytes: Uint8Array, limits: OtlpLimits = defaultOtlpLimits): SpanStream =>
  openSpans(limits, (reads) => readTraces(bytes, reads));

const invalid = (message: string): AppError => new AppError({ code: "INVALID_REQUEST", message });

function* readTraces(bytes: Uint8Array, reads: Reads): Generator<FoundSpan, void> {
  try {
    const whole = sliceOf(bytes);
    if (whole.values > reads.budget.limits.elementsMax * 2 * valuesOfElement) throw tooMany(`${reads.budget.limits.elementsMax} elements`);
    const body = frameOf(bytes, whole, requestNames, reads, "The body must be an object");
    const list = body.get("resourceSpans") ?? body.get("resource_spans");
    const other = body.get("resourceLogs") ?? body.get("resource_logs") ?? body.get("resourceMetrics") ?? body.get("resource_metrics");
    if (list === undefined && other !== undefined && !isNullAt(bytes, other))
      throw invalid("The body contains logs or metrics; this route accepts only traces");
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

/** Returns an object's members with the given names, the last of each. Every member spends budget; the others must be valid JSON too. */
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

/** Parses a value above the spans. Throws PAYLOAD_TOO_LARGE if it is too large to hold. */
const parseBounded = (bytes: Uint8Array, slice: Slice, { budget }: Reads): unknown => {
  if (slice.values > budget.limits.spanElementsMax) throw tooMany(`${budget.limits.spanElementsMax} values outside its spans`);
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

/** `faultAbove`: the resource is unreadable, so every span below it is rejected. */
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

/** Commas and brackets of one attribute with its value: `{"key":"k","value":{"intValue":1}},` */
const valuesOfElement = 4;

/** Checks the size before parsing, because objects take more memory than their text. */
const valueOfSlice = (bytes: Uint8Array, slice: Slice, budget: ElementBudget): unknown => {
  checkSize(slice.to - slice.from, budget.sizeMax);
  if (slice.values > budget.elementsMax * valuesOfElement) throw tooManyInOne(budget.elementsMax);
  return parseLossless(sliceText(bytes, slice));
};

/** Keeps integers as text if they are too large for a number. The slower way is taken only if the text contains one. */
const parseLossless = (text: string): unknown => parseText(/[:[,\s]-?\d{16,}\s*[,\]}]/.test(text) ? withLargeIntegersQuoted(text) : text);

/**
 * Changes only text outside strings. A reviver would see the numbers too, but recurses: a single endlessly nested span would cost the whole
 * request. So would a regular expression over whole strings, because of their escapes.
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

/** Returns the position after the closing quote: the first with an even number of backslashes before it. */
const endOfString = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
};

const isLargeInteger = (number: string): boolean => /^-?[1-9]\d{15,}$/.test(number) && !Number.isSafeInteger(Number(number));
