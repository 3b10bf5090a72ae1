/**
 * OTLP protobuf (opentelemetry.proto.collector.trace.v1) to the one shape of traces.
 * The framing down to the spans must be sound; a span whose own bytes are damaged is counted, its neighbours go on.
 */
import { AppError } from "../errors.ts";
import { toBase64, toHex } from "./byte-text.ts";
import { jsonDouble } from "./json-double.ts";
import {
  type AnyValue,
  type DecodedTraces,
  defaultOtlpLimits,
  type KeyValue,
  type OtlpLimits,
  type ResourceSpans,
  type Scope,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  type SpanLink,
} from "./otlp-traces.ts";
import {
  boolField,
  bytesField,
  doubleField,
  enumField,
  type FieldTable,
  fixed32Field,
  fixed64Field,
  int64Field,
  readFields,
  stringField,
} from "./protobuf-fields.ts";
import { createRejectionCount, type RejectionCount, SpanFault } from "./rejections.ts";
import { checkSpan, createElementBudget, type ElementBudget, flagsOf, traceStateOf } from "./span-bounds.ts";

/** Throws INVALID_REQUEST when the message as a whole is damaged, PAYLOAD_TOO_LARGE when it holds too many elements. */
export const decodeTracesProtobuf = (bytes: Uint8Array, limits: OtlpLimits = defaultOtlpLimits): DecodedTraces => {
  const reads: Reads = { budget: createElementBudget(limits), rejected: createRejectionCount(), spanCount: 0 };
  try {
    const parts = readFields(bytes, requestFields, []);
    const resourceSpans = parts.map((part) => readResourceSpans(part, reads));
    return { traces: { resourceSpans }, spanCount: reads.spanCount, rejected: reads.rejected.list() };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError({
      code: "INVALID_REQUEST",
      message: "The body is not an OTLP trace export request in protobuf",
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
};

type Reads = { budget: ElementBudget; rejected: RejectionCount; spanCount: number };

const readResourceSpans = (bytes: Uint8Array, reads: Reads): ResourceSpans => {
  const parts = readFields(bytes, frameFields, { own: new Uint8Array(), schemaUrl: "", below: [] });
  const resource = readOrFault("resource", () => readFields(parts.own, resourceFields, { attributes: [], budget: reads.budget, level: 0 }));
  const fault = resource instanceof SpanFault ? resource : undefined;
  return {
    resource: { attributes: resource instanceof SpanFault ? [] : resource.attributes },
    ...(parts.schemaUrl === "" ? {} : { schemaUrl: parts.schemaUrl }),
    scopeSpans: parts.below.map((part) => readScopeSpans(part, reads, fault)),
  };
};

/** `faultAbove`: the resource could not be read, so no span below it can be. */
const readScopeSpans = (bytes: Uint8Array, reads: Reads, faultAbove: SpanFault | undefined): ScopeSpans => {
  const parts = readFields(bytes, frameFields, { own: new Uint8Array(), schemaUrl: "", below: [] });
  const scope = readOrFault("scope", () => readScope(parts.own, reads.budget));
  const fault = faultAbove ?? (scope instanceof SpanFault ? scope : undefined);
  const spans: Span[] = [];
  for (const part of parts.below) {
    reads.budget.spend();
    reads.spanCount += 1;
    const span = fault ?? readOrFault("span", () => readSpan(part, reads.budget));
    if (span instanceof SpanFault) reads.rejected.add(span.message);
    else spans.push(span);
  }
  return {
    scope: scope instanceof SpanFault ? { name: "", version: "", attributes: [] } : scope,
    ...(parts.schemaUrl === "" ? {} : { schemaUrl: parts.schemaUrl }),
    spans,
  };
};

const readScope = (bytes: Uint8Array, budget: ElementBudget): Scope => {
  const { name, version, attributes } = readFields(bytes, scopeFields, { name: "", version: "", attributes: [], budget, level: 0 });
  return { name, version, attributes };
};

const readSpan = (bytes: Uint8Array, budget: ElementBudget): Span => {
  const {
    budget: _,
    level: __,
    traceState,
    flags,
    ...span
  } = readFields(bytes, spanFields, {
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
    budget,
    level: 0,
  });
  return checkSpan({ ...span, ...traceStateOf(traceState), ...flagsOf(flags) });
};

const readEvent = (bytes: Uint8Array, budget: ElementBudget): SpanEvent => {
  const { timeUnixNano, name, attributes } = readFields(bytes, eventFields, {
    timeUnixNano: "0",
    name: "",
    attributes: [],
    budget,
    level: 0,
  });
  return { timeUnixNano, name, attributes };
};

const readLink = (bytes: Uint8Array, budget: ElementBudget): SpanLink => {
  const start = { traceId: "", spanId: "", traceState: "", attributes: [], budget, level: 0 };
  const { traceId, spanId, traceState, attributes } = readFields(bytes, linkFields, start);
  return { traceId, spanId, ...traceStateOf(traceState), attributes };
};

const readAnyValue = (bytes: Uint8Array, budget: ElementBudget, level: number): AnyValue => {
  if (level > budget.nestingMax) throw new SpanFault(`an attribute is nested deeper than ${budget.nestingMax} levels`);
  return readFields(bytes, anyValueFields, { value: {}, budget, level }).value;
};

/** The result, or the fault of this part alone. Faults of the whole request pass through. */
const readOrFault = <Result>(part: string, read: () => Result): Result | SpanFault => {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw error;
    return error instanceof SpanFault ? error : new SpanFault(`the bytes of the ${part} are damaged`);
  }
};

/** Level of nesting and what is left of the budget travel with what is being read. */
type Within = { budget: ElementBudget; level: number };
type Frame = { own: Uint8Array; schemaUrl: string; below: Uint8Array[] };
type Attributed = Within & { attributes: KeyValue[] };

const requestFields: FieldTable<Uint8Array[]> = {
  1: bytesField((parts, bytes) => {
    parts.push(bytes);
  }),
};

/** ResourceSpans and ScopeSpans alike: what they are, what is below them, the URL of the schema. */
const frameFields: FieldTable<Frame> = {
  1: bytesField((frame, bytes) => {
    frame.own = bytes;
  }),
  2: bytesField((frame, bytes) => {
    frame.below.push(bytes);
  }),
  3: stringField((frame, url) => {
    frame.schemaUrl = url;
  }),
};

const attributesField = bytesField<Attributed>((target, bytes) => {
  target.budget.spend();
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

const spanFields: FieldTable<SpanParts & Within> = {
  1: bytesField((span, id) => {
    span.traceId = toHex(id);
  }),
  2: bytesField((span, id) => {
    span.spanId = toHex(id);
  }),
  3: stringField((span, traceState) => {
    span.traceState = traceState;
  }),
  4: bytesField((span, id) => {
    span.parentSpanId = toHex(id);
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
  11: bytesField((span, bytes) => {
    span.budget.spend();
    span.events.push(readEvent(bytes, span.budget));
  }),
  13: bytesField((span, bytes) => {
    span.budget.spend();
    span.links.push(readLink(bytes, span.budget));
  }),
  15: bytesField((span, bytes) => {
    span.status = readFields(bytes, statusFields, { code: 0 });
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
    link.traceId = toHex(id);
  }),
  2: bytesField((link, id) => {
    link.spanId = toHex(id);
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
  const { key, value } = readFields(bytes, keyValueFields, { key: "", value: {}, budget, level });
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
    const { values } = readFields(bytes, arrayFields, { values: [], budget: target.budget, level: target.level + 1 });
    target.value = { arrayValue: { values } };
  }),
  6: bytesField((target, bytes) => {
    const { attributes } = readFields(bytes, resourceFields, { attributes: [], budget: target.budget, level: target.level + 1 });
    target.value = { kvlistValue: { values: attributes } };
  }),
  7: bytesField((target, bytes) => {
    target.value = { bytesValue: toBase64(bytes) };
  }),
};

const arrayFields: FieldTable<{ values: AnyValue[] } & Within> = {
  1: bytesField((array, bytes) => {
    array.budget.spend();
    array.values.push(readAnyValue(bytes, array.budget, array.level));
  }),
};
