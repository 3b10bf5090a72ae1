/**
 * OpenTelemetry, decoding: OTLP protobuf (opentelemetry.proto.collector.trace.v1) to the common shape of traces. The framing down to the
 * spans must be valid; a damaged span is counted as rejected and the others continue. Memory: the bytes, and one span as objects.
 */

import { toBase64, toHex } from "../byte-text.ts";
import { AppError } from "../errors.ts";
import { jsonDouble } from "./json-double.ts";
import {
  type AnyValue,
  type DecodedTraces,
  defaultOtlpLimits,
  type KeyValue,
  type OtlpLimits,
  type Scope,
  type Span,
  type SpanEvent,
  type SpanLink,
} from "./otlp-traces.ts";
import {
  boolField,
  bytesField,
  doubleField,
  entriesOf,
  entryField,
  enumField,
  type FieldTable,
  fixed32Field,
  fixed64Field,
  int64Field,
  readFields,
  stringField,
} from "./protobuf-fields.ts";
import { SpanFault } from "./rejections.ts";
import { checkSize, checkSpan, type ElementBudget, flagsOf, traceStateOf } from "./span-bounds.ts";
import { collectTraces, type FoundSpan, openSpans, type Reads, type ResourceHead, type ScopeHead, type SpanStream } from "./span-stream.ts";

/**
 * Decodes the whole request. Throws INVALID_REQUEST if the message as a whole is damaged, PAYLOAD_TOO_LARGE if it holds too many elements.
 */
export const decodeTracesProtobuf = (bytes: Uint8Array, limits: OtlpLimits = defaultOtlpLimits): DecodedTraces =>
  collectTraces(openTracesProtobuf(bytes, limits));

/** Does the same span by span. */
export const openTracesProtobuf = (bytes: Uint8Array, limits: OtlpLimits = defaultOtlpLimits): SpanStream =>
  openSpans(limits, (reads) => readTraces(bytes, reads));

function* readTraces(bytes: Uint8Array, reads: Reads): Generator<FoundSpan, void> {
  try {
    for (const part of entriesOf(bytes, resourceSpansNumber, reads.budget.spend)) yield* readResourceSpans(part, reads);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError({
      code: "INVALID_REQUEST",
      message: "The body is not an OTLP trace export request in protobuf",
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/** Field numbers of TracesData.resource_spans, and of ResourceSpans.scope_spans and ScopeSpans.spans. */
const resourceSpansNumber = 1;
const belowNumber = 2;

function* readResourceSpans(bytes: Uint8Array, reads: Reads): Generator<FoundSpan, void> {
  const { own, ...rest } = readFrame(bytes, reads);
  const attributes = readOrFault("resource", () => {
    const budget = reads.budget.ofHead();
    return readFields(checked(own, budget), resourceFields, { attributes: [], budget, level: 0 }, budget).attributes;
  });
  const fault = attributes instanceof SpanFault ? attributes : undefined;
  const resource: ResourceHead = { resource: { attributes: attributes instanceof SpanFault ? [] : attributes }, ...rest };
  for (const part of entriesOf(bytes, belowNumber, isCounted)) yield* readScopeSpans(part, resource, reads, fault);
}

/** `faultAbove`: the resource is unreadable, so every span below it is rejected. */
function* readScopeSpans(
  bytes: Uint8Array,
  resource: ResourceHead,
  reads: Reads,
  faultAbove: SpanFault | undefined,
): Generator<FoundSpan, void> {
  const { own, ...rest } = readFrame(bytes, reads);
  const read = readOrFault("scope", () => {
    const budget = reads.budget.ofHead();
    return readScope(checked(own, budget), budget);
  });
  const fault = faultAbove ?? (read instanceof SpanFault ? read : undefined);
  const scope: ScopeHead = { scope: read instanceof SpanFault ? { name: "", version: "", attributes: [] } : read, ...rest };
  for (const part of entriesOf(bytes, belowNumber, isCounted)) {
    reads.budget.spendSpan();
    reads.spanCount += 1;
    const span = fault ?? readOrFault("span", () => readSpan(part, reads.budget.ofSpan()));
    if (span instanceof SpanFault) reads.rejected.add(span.message);
    else yield { resource, scope, span };
  }
}

/**
 * Reads the frame's own message and schema URL, to its end, so that the framing is known to be valid. Every field spends budget, those of
 * lower levels too.
 */
const readFrame = (bytes: Uint8Array, { budget }: Reads): { own: Uint8Array; schemaUrl?: string } => {
  const { own, schemaUrl } = readFields(bytes, frameFields, { own: noBytes, schemaUrl: "", budget }, budget);
  return schemaUrl === "" ? { own } : { own, schemaUrl };
};

const noBytes = new Uint8Array();

/** Spends nothing: `readFrame` has already spent. */
const isCounted = (): void => {};

/** Counts a control character as six bytes: JSON escapes it to six, so text full of them would grow to six times the span's size. */
const checked = (bytes: Uint8Array, budget: ElementBudget): Uint8Array => {
  checkSize(bytes.length, budget.sizeMax);
  if (bytes.length > budget.sizeMax / 8) checkSize(bytes.length + 5 * countControls(bytes), 2 * budget.sizeMax);
  return bytes;
};

const countControls = (bytes: Uint8Array): number => {
  let count = 0;
  for (const byte of bytes) if (byte < 0x20) count++;
  return count;
};

const readScope = (bytes: Uint8Array, budget: ElementBudget): Scope => {
  const start = { name: "", version: "", attributes: [], budget, level: 0 };
  const { name, version, attributes } = readFields(bytes, scopeFields, start, budget);
  return { name, version, attributes };
};

const readSpan = (bytes: Uint8Array, budget: ElementBudget): Span => {
  const {
    budget: _,
    level: __,
    traceState,
    flags,
    ...span
  } = readFields(checked(bytes, budget), spanFields, { ...emptySpan(), budget, level: 0 }, budget);
  return checkSpan({ ...span, ...traceStateOf(traceState), ...flagsOf(flags) });
};

const emptySpan = (): SpanParts => ({
  traceId: "",
  spanId: "",
  parentSpanId: "",
  traceState: "",
  flags: 0,
  name: "",
  kind: 0,
  startTimeUnixNano: "0",
  endTimeUnixNano: "0",
  attributes: [],
  events: [],
  links: [],
  status: { code: 0 },
});

const readEvent = (bytes: Uint8Array, budget: ElementBudget): SpanEvent => {
  const start = { timeUnixNano: "0", name: "", attributes: [], budget, level: 0 };
  const { timeUnixNano, name, attributes } = readFields(bytes, eventFields, start, budget);
  return { timeUnixNano, name, attributes };
};

const readLink = (bytes: Uint8Array, budget: ElementBudget): SpanLink => {
  const start = { traceId: "", spanId: "", traceState: "", attributes: [], budget, level: 0 };
  const { traceId, spanId, traceState, attributes } = readFields(bytes, linkFields, start, budget);
  return { traceId, spanId, ...traceStateOf(traceState), attributes };
};

const readAnyValue = (bytes: Uint8Array, budget: ElementBudget, level: number): AnyValue => {
  if (level > budget.nestingMax) throw new SpanFault(`an attribute is nested deeper than ${budget.nestingMax} levels`);
  return readFields(bytes, anyValueFields, { value: {}, budget, level }, budget).value;
};

/** Returns the result, or the fault of this part alone. Faults of the whole request are rethrown. */
const readOrFault = <Result>(part: string, read: () => Result): Result | SpanFault => {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw error;
    return error instanceof SpanFault ? error : new SpanFault(`the bytes of the ${part} are damaged`);
  }
};

/** The nesting level and the remaining budget of what is being read. */
type Within = { budget: ElementBudget; level: number };
type Frame = { own: Uint8Array; schemaUrl: string; budget: { spend: () => void } };
type Attributed = Within & { attributes: KeyValue[] };

/** Fields of ResourceSpans and of ScopeSpans: own message, entries below, schema URL. */
const frameFields: FieldTable<Frame> = {
  1: bytesField((frame, bytes) => {
    frame.own = bytes;
  }),
  [belowNumber]: entryField(() => {
    // Entries are read one at a time, after the head above them is known.
  }),
  3: stringField((frame, url) => {
    frame.schemaUrl = url;
  }),
};

const attributesField = entryField<Attributed>((target, bytes) => {
  target.attributes.push(readKeyValue(bytes, target));
});

const resourceFields: FieldTable<Attributed> = { 1: attributesField };

const scopeFields: FieldTable<Attributed & { name: string; version: string }> = {
  1: stringField((scope, name) => {
    scope.name = name;
  }),
  2: stringField((scope, version) => {
    scope.version = version;
  }),
  3: attributesField,
};

type SpanParts = Omit<Span, "parentSpanId" | "traceState" | "flags"> & { parentSpanId: string; traceState: string; flags: number };

/** Encodes only enough of an oversized id for `checkSpan` to refuse it by its length. */
const idHex = (id: Uint8Array): string => toHex(id.subarray(0, 17));

const spanFields: FieldTable<SpanParts & Within> = {
  1: bytesField((span, id) => {
    span.traceId = idHex(id);
  }),
  2: bytesField((span, id) => {
    span.spanId = idHex(id);
  }),
  3: stringField((span, traceState) => {
    span.traceState = traceState;
  }),
  4: bytesField((span, id) => {
    span.parentSpanId = idHex(id);
  }),
  5: stringField((span, name) => {
    span.name = name;
  }),
  6: enumField((span, kind) => {
    span.kind = kind;
  }),
  7: fixed64Field((span, nanos) => {
    span.startTimeUnixNano = nanos;
  }),
  8: fixed64Field((span, nanos) => {
    span.endTimeUnixNano = nanos;
  }),
  9: attributesField,
  11: entryField((span, bytes) => {
    span.events.push(readEvent(bytes, span.budget));
  }),
  13: entryField((span, bytes) => {
    span.links.push(readLink(bytes, span.budget));
  }),
  15: bytesField((span, bytes) => {
    span.status = readFields(bytes, statusFields, { code: 0 }, span.budget);
  }),
  16: fixed32Field((span, flags) => {
    span.flags = flags;
  }),
};

const eventFields: FieldTable<SpanEvent & Within> = {
  1: fixed64Field((event, nanos) => {
    event.timeUnixNano = nanos;
  }),
  2: stringField((event, name) => {
    event.name = name;
  }),
  3: attributesField,
};

const linkFields: FieldTable<SpanLink & { traceState: string } & Within> = {
  1: bytesField((link, id) => {
    link.traceId = idHex(id);
  }),
  2: bytesField((link, id) => {
    link.spanId = idHex(id);
  }),
  3: stringField((link, traceState) => {
    link.traceState = traceState;
  }),
  4: attributesField,
};

const statusFields: FieldTable<Span["status"]> = {
  2: stringField((status, message) => {
    if (message !== "") status.message = message;
  }),
  3: enumField((status, code) => {
    status.code = code;
  }),
};

const keyValueFields: FieldTable<KeyValue & Within> = {
  1: stringField((pair, key) => {
    pair.key = key;
  }),
  2: bytesField((pair, bytes) => {
    pair.value = readAnyValue(bytes, pair.budget, pair.level);
  }),
};

const readKeyValue = (bytes: Uint8Array, { budget, level }: Within): KeyValue => {
  const { key, value } = readFields(bytes, keyValueFields, { key: "", value: {}, budget, level }, budget);
  return { key, value };
};

const anyValueFields: FieldTable<{ value: AnyValue } & Within> = {
  1: stringField((target, stringValue) => {
    target.value = { stringValue };
  }),
  2: boolField((target, boolValue) => {
    target.value = { boolValue };
  }),
  3: int64Field((target, intValue) => {
    target.value = { intValue };
  }),
  4: doubleField((target, value) => {
    target.value = { doubleValue: jsonDouble(value) };
  }),
  5: bytesField((target, bytes) => {
    const within = { values: [], budget: target.budget, level: target.level + 1 };
    const { values } = readFields(bytes, arrayFields, within, target.budget);
    target.value = { arrayValue: { values } };
  }),
  6: bytesField((target, bytes) => {
    const within = { attributes: [], budget: target.budget, level: target.level + 1 };
    const { attributes } = readFields(bytes, resourceFields, within, target.budget);
    target.value = { kvlistValue: { values: attributes } };
  }),
  7: bytesField((target, bytes) => {
    target.value = { bytesValue: toBase64(bytes) };
  }),
};

const arrayFields: FieldTable<{ values: AnyValue[] } & Within> = {
  1: entryField((array, bytes) => {
    array.values.push(readAnyValue(bytes, array.budget, array.level));
  }),
};
