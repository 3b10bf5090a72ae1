/** The spans of a trace as the lines of a tree. Works for any number and any depth, and for parents that are missing or form a circle. */

export type Span = {
  id: string;
  parentId: string | null;
  name: string;
  type: string;
  level: string;
  startTime: string;
  endTime: string | null;
};

export type SpanLine = {
  span: Span;
  depth: number;
  childCount: number;
  isOpen: boolean;
  /** Place among its siblings, from 1, and how many they are. */
  position: number;
  siblings: number;
};

/** Lines that are seen while the children of `closed` are hidden, in order of time among siblings. */
export const spanLines = (spans: readonly Span[], closed: ReadonlySet<string>): SpanLine[] => {
  const { roots, childrenOf } = familyOf(spans);
  const lines: SpanLine[] = [];
  // A stack of its own: a trace may be deeper than the language's.
  const open: { siblings: readonly Span[]; next: number }[] = [{ siblings: roots, next: 0 }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const span = level.siblings[level.next];
    if (span === undefined) {
      open.pop();
      continue;
    }
    level.next++;
    const children = childrenOf.get(span.id) ?? [];
    const isOpen = children.length > 0 && !closed.has(span.id);
    lines.push({
      span,
      depth: open.length - 1,
      childCount: children.length,
      isOpen,
      position: level.next,
      siblings: level.siblings.length,
    });
    if (isOpen) open.push({ siblings: children, next: 0 });
  }
  return lines;
};

/** Each span is the child of one, or a root: without a parent here, or the first of a circle. */
const familyOf = (spans: readonly Span[]): { roots: Span[]; childrenOf: Map<string, Span[]> } => {
  const byTime = [...spans].sort((a, b) => compare(a.startTime, b.startTime) || compare(a.id, b.id));
  const byId = new Map(byTime.map((span) => [span.id, span]));
  const unique = [...byId.values()];
  const rootIds = new Set(unique.filter(({ parentId }) => parentId === null || !byId.has(parentId)).map(({ id }) => id));
  // Upwards from each span until something known: what comes back to itself is a circle, cut at its first.
  const known = new Set(rootIds);
  for (const span of unique) {
    const way: string[] = [];
    const seen = new Set<string>();
    let at: Span | undefined = span;
    while (at !== undefined && !known.has(at.id) && !seen.has(at.id)) {
      seen.add(at.id);
      way.push(at.id);
      at = byId.get(at.parentId ?? "");
    }
    if (at !== undefined && seen.has(at.id)) rootIds.add(at.id);
    for (const id of way) known.add(id);
  }
  const childrenOf = new Map<string, Span[]>();
  for (const span of unique) {
    if (rootIds.has(span.id) || span.parentId === null) continue;
    const siblings = childrenOf.get(span.parentId);
    if (siblings === undefined) childrenOf.set(span.parentId, [span]);
    else siblings.push(span);
  }
  return { roots: unique.filter(({ id }) => rootIds.has(id)), childrenOf };
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Microseconds since 1970; a Date knows milliseconds only. */
export const microsOf = (instant: string): number => {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? "";
  return Math.floor(Date.parse(instant) / 1000) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
};

export type Extent = { startUs: number; endUs: number };

export const extentOf = (spans: readonly Span[]): Extent => {
  let [startUs, endUs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { startTime, endTime } of spans) {
    startUs = Math.min(startUs, microsOf(startTime));
    endUs = Math.max(endUs, microsOf(endTime ?? startTime));
  }
  return { startUs, endUs };
};

/** Where the bar of a span begins and how wide it is, in percent of the trace. A point in time is still seen. */
export const barOf = ({ startTime, endTime }: Span, { startUs, endUs }: Extent): { left: number; width: number } => {
  const whole = Math.max(1, endUs - startUs);
  const left = Math.min(99.5, Math.max(0, ((microsOf(startTime) - startUs) / whole) * 100));
  const width = ((microsOf(endTime ?? startTime) - microsOf(startTime)) / whole) * 100;
  return { left, width: Math.min(100 - left, Math.max(0.5, width)) };
};

export const secondsOf = ({ startTime, endTime }: Span): number | null =>
  endTime === null ? null : (microsOf(endTime) - microsOf(startTime)) / 1_000_000;
