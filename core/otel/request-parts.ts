/**
 * OpenTelemetry, storing: splits a large request into parts, each the JSON of a valid request. Storing them means the same as if the sender
 * had split it.
 * Memory: one part in UTF-8, and one span as text.
 */
import type { FoundSpan, ResourceHead, ScopeHead } from "./span-stream.ts";

/** `body` is JSON in UTF-8. */
export type RequestPart = { body: Uint8Array<ArrayBuffer>; traceIds: string[] };

type PartBounds = {
  spansMax: number;
  /** Size of the spans as JSON. A larger span forms a part by itself. */
  charactersMax: number;
};

/** What the runner maps to events in one go. Exporters send 512 spans by default, collectors 8,192. */
const defaultPartBounds: PartBounds = { spansMax: 4000, charactersMax: 4 * 1024 * 1024 };

/**
 * Yields parts in span order. A part ends before the first span that no longer fits, so one span more than the yielded part has been read.
 */
export function* partsOf(spans: Iterable<FoundSpan>, bounds: PartBounds = defaultPartBounds): Generator<RequestPart, void> {
  let open = openPart();
  for (const { resource, scope, span } of spans) {
    const text = JSON.stringify(span);
    if (open.spanCount > 0 && (open.spanCount >= bounds.spansMax || open.characters + text.length > bounds.charactersMax)) {
      yield closePart(open);
      open = openPart();
    }
    open.body.write(headBefore(open, resource, scope));
    open.body.write(text);
    open.resource = resource;
    open.scope = scope;
    open.spanCount += 1;
    open.characters += text.length;
    open.traceIds.add(span.traceId);
  }
  if (open.spanCount > 0) yield closePart(open);
}

type OpenPart = {
  body: Utf8Writer;
  traceIds: Set<string>;
  spanCount: number;
  characters: number;
  resource: ResourceHead | undefined;
  scope: ScopeHead | undefined;
};

const openPart = (): OpenPart => {
  const body = createUtf8Writer();
  body.write('{"resourceSpans":[');
  return { body, traceIds: new Set(), spanCount: 0, characters: 0, resource: undefined, scope: undefined };
};

/** Returns the JSON between the previous span and the next. */
const headBefore = (open: OpenPart, resource: ResourceHead, scope: ScopeHead): string => {
  if (open.resource === resource && open.scope === scope) return ",";
  const scopeText = `${opened(scope)},"spans":[`;
  if (open.resource === resource) return `]},${scopeText}`;
  return `${open.resource === undefined ? "" : "]}]},"}${opened(resource)},"scopeSpans":[${scopeText}`;
};

/** Encodes an object without its closing brace. */
const opened = (head: object): string => JSON.stringify(head).slice(0, -1);

const closePart = ({ body, traceIds }: OpenPart): RequestPart => {
  body.write("]}]}]}");
  return { body: body.finish(), traceIds: [...traceIds] };
};

type Utf8Writer = { write: (text: string) => void; finish: () => Uint8Array<ArrayBuffer> };

/** Characters to collect before one call of the encoder. */
const waitingMax = 65_536;

/**
 * Encodes text as it comes. Held as a string it would take twice the memory if one character is not Latin-1, and the same again when sent.
 */
const createUtf8Writer = (): Utf8Writer => {
  const chunks: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let waiting = "";
  const flush = () => {
    if (waiting !== "") chunks.push(encoder.encode(waiting));
    waiting = "";
  };
  return {
    write: (text) => {
      if (waiting.length + text.length > waitingMax) flush();
      waiting += text;
    },
    finish: () => {
      flush();
      const all = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.byteLength;
      }
      return all;
    },
  };
};
