/**
 * Decodes OTLP/JSON to the common shape of traces, as lenient as exporters need: names in camelCase or snake_case, ids as hex, base64 or
 * lists of bytes, 64-bit integers as text, numbers or `{ low, high }`, enums as numbers or names, missing and null lists as empty, and
 * instrumentation libraries, as scopes were called before OTLP 0.19.
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
import { type DecodedTraces, defaultOtlpLimits, type OtlpLimits, type Span, storedOtlpLimits } from "./otlp-traces.ts";
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
  openSpans(limits, (reads) => {
    const small = smallValue(bytes, limits);
    return small === undefined
      ? readTraces(slicesOf(bytes, reads), () => wholeSlice(bytes, limits))
      : readTraces(valuesOf(reads), () => small.value);
  });

/** Decodes a stored request. One of usual size is parsed as a whole: it met the limits when it was taken. Memory: the request as objects. */
export const openStoredTraces = (text: string): SpanStream =>
  openSpans(storedOtlpLimits, (reads) => {
    const small = text.length > storedLengthMax ? undefined : parsedWhole(text);
    if (small !== undefined) return readTraces(valuesOf(reads), () => small.value);
    const bytes = new TextEncoder().encode(text);
    return readTraces(slicesOf(bytes, reads), () => wholeSlice(bytes, storedOtlpLimits));
  });

/** Twice what a part of a request has. Older requests, stored before they were split, have up to 16 MiB. */
const storedLengthMax = 8 * 1024 * 1024;

/**
 * Parses a request that is too small to exceed any limit, whatever it holds, at once: several times as fast as in slices. Returns undefined
 * for any other, and for one that is not JSON, whose fault the slices tell.
 */
const smallValue = (bytes: Uint8Array, limits: OtlpLimits): { value: unknown } | undefined => {
  if (bytes.length > Math.min(limits.headSizeMax, limits.spanSizeMax)) return undefined;
  try {
    const whole = sliceOf(bytes);
    return whole.values > Math.min(limits.elementsMax, limits.spanElementsMax) ? undefined : parsedWhole(sliceText(bytes, whole));
  } catch {
    return undefined;
  }
};

/** Returns undefined for text that is not JSON, or holds integers a number would round. */
const parsedWhole = (text: string): { value: unknown } | undefined => {
  if (mayHoldLargeInteger.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};

/** Throws PAYLOAD_TOO_LARGE. */
const wholeSlice = (bytes: Uint8Array, { elementsMax }: OtlpLimits): Slice => {
  const whole = sliceOf(bytes);
  if (whole.values > elementsMax * 2 * valuesOfElement) throw tooMany(`${elementsMax} elements`);
  return whole;
};

const invalid = (message: string): AppError => new AppError({ code: "INVALID_REQUEST", message });

/** How a request is read: in slices of its bytes, or as values. Each member and item spends budget. */
type Reading<Node> = {
  reads: Reads;
  /** Returns an object's members with the given names, the last of each. Every other member must be valid JSON too. */
  frameOf: (node: Node, names: ReadonlySet<string>, complaint: string) => ReadonlyMap<string, Node>;
  isNull: (node: Node) => boolean;
  /** Returns undefined if it is not a list; its content must be valid JSON then. */
  itemsOf: (node: Node) => Iterable<Node> | undefined;
  /** Throws SpanFault if it is too large. */
  valueOf: (node: Node, budget: ElementBudget) => unknown;
  /** For a value above the spans. Throws PAYLOAD_TOO_LARGE if it is too large to hold. */
  boundedOf: (node: Node) => unknown;
};

const slicesOf = (bytes: Uint8Array, reads: Reads): Reading<Slice> => {
  const boundedOf = (slice: Slice): unknown => {
    const { spanElementsMax } = reads.budget.limits;
    if (slice.values > spanElementsMax) throw tooMany(`${spanElementsMax} values outside its spans`);
    return parseSlice(bytes, slice);
  };
  return {
    reads,
    frameOf: (slice, names, complaint) => {
      if (!isObjectAt(bytes, slice)) {
        if (slice.values <= reads.budget.limits.spanElementsMax) parseSlice(bytes, slice);
        throw invalid(complaint);
      }
      const frame = new Map<string, Slice>();
      for (const [name, value] of membersOf(bytes, slice)) {
        reads.budget.spend();
        if (names.has(name)) frame.set(name, value);
        else boundedOf(value);
      }
      return frame;
    },
    isNull: ({ from, to }) => to - from === 4 && bytes[from] === 110,
    itemsOf: (slice) => {
      if (isListAt(bytes, slice)) return itemsOf(bytes, slice);
      boundedOf(slice);
      return undefined;
    },
    valueOf: (slice, budget) => valueOfSlice(bytes, slice, budget),
    boundedOf,
  };
};

const valuesOf = (reads: Reads): Reading<unknown> => ({
  reads,
  frameOf: (value, names, complaint) => {
    if (!isFields(value)) throw invalid(complaint);
    const frame = new Map<string, unknown>();
    for (const name of names) if (Object.hasOwn(value, name)) frame.set(name, value[name]);
    return frame;
  },
  isNull: (value) => value === null,
  itemsOf: (value) => (Array.isArray(value) ? value : undefined),
  valueOf: (value) => value,
  boundedOf: (value) => value,
});

function* readTraces<Node>(reading: Reading<Node>, open: () => Node): Generator<FoundSpan, void> {
  try {
    const body = reading.frameOf(open(), requestNames, "The body must be an object");
    const list = memberOf(body, "resourceSpans", "resource_spans");
    const other = memberOf(body, "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics");
    if (list === undefined && other !== undefined && !reading.isNull(other.node))
      throw invalid("The body contains logs or metrics; this route accepts only traces");
    for (const part of listItems(reading, list, "resourceSpans")) yield* readResourceSpans(reading, part);
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
const scopeSpansNames = ["scopeSpans", "scope_spans"];
/** OTLP before 0.19; read only if there are no scope spans, as OTLP 0.16 asks. */
const librarySpansNames = ["instrumentationLibrarySpans", "instrumentation_library_spans"];
const resourceNames: ReadonlySet<string> = new Set(["resource", "schemaUrl", "schema_url", ...scopeSpansNames, ...librarySpansNames]);
const ownScopeNames = ["scope", "instrumentationLibrary", "instrumentation_library"];
const scopeNames: ReadonlySet<string> = new Set([...ownScopeNames, "schemaUrl", "schema_url", "spans"]);

/** Returns the first of the names that the object has, also if it is null. */
const memberOf = <Node>(frame: ReadonlyMap<string, Node>, ...names: string[]): { node: Node } | undefined => {
  const name = names.find((one) => frame.has(one));
  // Holds because the map has the name.
  return name === undefined ? undefined : { node: frame.get(name) as Node };
};

function* listItems<Node>(
  reading: Reading<Node>,
  list: { node: Node } | undefined,
  name: string,
  spend = reading.reads.budget.spend,
): Generator<Node, void> {
  if (list === undefined || reading.isNull(list.node)) return;
  const items = reading.itemsOf(list.node);
  if (items === undefined) throw invalid(`${name} must be an array`);
  for (const item of items) {
    spend();
    if (!reading.isNull(item)) yield item;
  }
}

function* readResourceSpans<Node>(reading: Reading<Node>, node: Node): Generator<FoundSpan, void> {
  const { reads } = reading;
  const frame = reading.frameOf(node, resourceNames, "resourceSpans must hold objects");
  const attributes = readOrFault(() => {
    const budget = reads.budget.ofHead();
    return attributesOf(ownObject(reading, memberOf(frame, "resource"), "resource", budget), budget);
  });
  const fault = attributes instanceof SpanFault ? attributes : undefined;
  const resource: ResourceHead = {
    resource: { attributes: attributes instanceof SpanFault ? [] : attributes },
    ...schemaUrlOf(reading, frame),
  };
  const scopeSpans = memberOf(frame, ...scopeSpansNames);
  const isSent = scopeSpans !== undefined && !reading.isNull(scopeSpans.node);
  for (const below of listItems(reading, isSent ? scopeSpans : memberOf(frame, ...librarySpansNames), "scopeSpans"))
    yield* readScopeSpans(reading, below, resource, fault);
}

/** `faultAbove`: the resource is unreadable, so every span below it is rejected. */
function* readScopeSpans<Node>(
  reading: Reading<Node>,
  node: Node,
  resource: ResourceHead,
  faultAbove: SpanFault | undefined,
): Generator<FoundSpan, void> {
  const { reads } = reading;
  const frame = reading.frameOf(node, scopeNames, "scopeSpans must hold objects");
  const own = readOrFault(() => {
    const budget = reads.budget.ofHead();
    return readScope(ownObject(reading, memberOf(frame, ...ownScopeNames), "scope", budget), budget);
  });
  const fault = faultAbove ?? (own instanceof SpanFault ? own : undefined);
  const scope: ScopeHead = {
    scope: own instanceof SpanFault ? { name: "", version: "", attributes: [] } : own,
    ...schemaUrlOf(reading, frame),
  };
  for (const one of listItems(reading, memberOf(frame, "spans"), "spans", reads.budget.spendSpan)) {
    reads.spanCount += 1;
    const span = fault ?? readOrFault(() => readSpanAt(reading, one, reads.budget.ofSpan()));
    if (span instanceof SpanFault) reads.rejected.add(span.message);
    else yield { resource, scope, span };
  }
}

const schemaUrlOf = <Node>(reading: Reading<Node>, frame: ReadonlyMap<string, Node>): { schemaUrl?: string } => {
  const found = memberOf(frame, "schemaUrl", "schema_url");
  const url = found && reading.boundedOf(found.node);
  return typeof url === "string" && url !== "" ? { schemaUrl: url } : {};
};

const readSpanAt = <Node>(reading: Reading<Node>, node: Node, budget: ElementBudget): Span =>
  readSpan(reading.valueOf(node, budget), budget);

const ownObject = <Node>(reading: Reading<Node>, found: { node: Node } | undefined, name: string, budget: ElementBudget): Fields => {
  const value = found === undefined ? undefined : reading.valueOf(found.node, budget);
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
const parseLossless = (text: string): unknown => parseText(mayHoldLargeInteger.test(text) ? withLargeIntegersQuoted(text) : text);

/** Also matches inside strings. */
const mayHoldLargeInteger = /[:[,\s]-?\d{16,}\s*[,\]}]/;

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
