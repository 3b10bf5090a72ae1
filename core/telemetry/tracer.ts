/** Port of traces of our own: the Worker and the runner start spans, an adapter records them or does nothing. */

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type Span = {
  /** The W3C context that others continue: of this span, or without tracing that of its parent, so that a trace is not cut here. */
  traceparent: string | null;
  /** False without tracing, and for a trace that is not sampled. */
  isRecorded: boolean;
  set: (attributes: SpanAttributes) => void;
  /** Starts a child. */
  start: (name: string, attributes?: SpanAttributes) => Span;
  /** Ends the span; `errorType` marks it as failed. Error texts are not recorded: they may quote values. */
  end: (errorType?: string) => void;
};

export type SpanStart = {
  kind: "server" | "consumer";
  /** The context to continue; null begins a trace. */
  parent: string | null;
  /** Contexts of which this span is no child, such as those of the jobs of a batch. */
  links?: readonly string[];
  attributes?: SpanAttributes;
};

export type Tracer = {
  start: (name: string, options: SpanStart) => Span;
  /** Resolves once ended spans are sent, or could not be. */
  flush: () => Promise<void>;
};

const unrecorded = (traceparent: string | null): Span => {
  const span: Span = { traceparent, isRecorded: false, set: () => {}, start: () => span, end: () => {} };
  return span;
};

export const noSpan: Span = unrecorded(null);

/** Records nothing. */
export const noTracer: Tracer = { start: (_name, { parent }) => (parent === null ? noSpan : unrecorded(parent)), flush: async () => {} };

/** Runs the work in a child of a span. A failure is recorded by its code, or by the name of its class, and thrown on. */
export const inSpan = async <R>(parent: Span, name: string, work: (span: Span) => Promise<R>, attributes?: SpanAttributes): Promise<R> => {
  const span = parent.start(name, attributes);
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    span.end(errorTypeOf(error));
    throw error;
  }
};

/** The stable code of an AppError, else the name of the error's class. */
export const errorTypeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
};
