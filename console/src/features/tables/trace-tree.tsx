/**
 * The trace of a row: its spans as a tree with bars of time, and the values of the chosen span below. Only the lines in sight are in the
 * page, so that 10,000 spans scroll as ten do.
 */
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { classNames } from "../../components/class-names.ts";
import { Icon } from "../../components/icon.tsx";
import { countText, durationText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { RowValues } from "./row-values.tsx";
import { barOf, type Extent, extentOf, type SpanLine, secondsOf, spanLines } from "./span-tree.ts";
import "./trace-tree.css";
import { type Trace, useSpans } from "./use-spans.ts";
import type { TableView } from "./use-table-view.ts";

type TraceProps = { view: TableView; traceId: string /** Span that the row itself is. */; rowSpan: string | undefined };

export const TraceTree = ({ view, traceId, rowSpan }: TraceProps) => {
  const query = useSpans(traceId);
  return (
    <QueryView
      query={query}
      label="the trace"
      isEmpty={({ spans }) => spans.length === 0}
      empty={
        <Empty icon="trace" title="The trace has no spans">
          <p>None were sent, or they are on their way.</p>
        </Empty>
      }
    >
      {(trace) => <Spans trace={trace} view={view} rowSpan={rowSpan} />}
    </QueryView>
  );
};

const Spans = ({ trace, view: { search, show }, rowSpan }: { trace: Trace; view: TableView; rowSpan: string | undefined }) => {
  const chosen = search.span ?? rowSpan;
  const count = trace.spans.length;
  return (
    <>
      <p className="muted">
        {countText(count)} {count === 1 ? "span" : "spans"}
      </p>
      {trace.isCut ? <Notice>The trace has more spans than are shown here. Its export has them all.</Notice> : null}
      <Tree trace={trace} chosen={chosen} onChoose={(id) => show({ span: id }, { replace: true })} />
      {chosen === undefined ? (
        <p className="muted">Choose a span to see its values.</p>
      ) : (
        <RowValues key={chosen} table={trace.table} id={chosen} />
      )}
    </>
  );
};

/** Height of a line in pixels, also in trace-tree.css; and lines beside those in sight that are in the page. */
const lineHeight = 28;
const margin = 10;

type TreeProps = { trace: Trace; chosen: string | undefined; onChoose: (id: string) => void };

const Tree = ({ trace: { spans }, chosen, onChoose }: TreeProps) => {
  const treeId = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(chosen);
  const [sight, setSight] = useState({ top: 0, height: 400 });
  const lines = useMemo(() => spanLines(spans, closed), [spans, closed]);
  const extent = useMemo(() => extentOf(spans), [spans]);
  const at = Math.max(
    0,
    lines.findIndex(({ span }) => span.id === active),
  );
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = () => setSight({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, []);
  // The active line comes into sight, also when the tree opens at a span far down.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    if (at * lineHeight < element.scrollTop) element.scrollTop = at * lineHeight;
    else if ((at + 1) * lineHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = (at + 1) * lineHeight - element.clientHeight;
  }, [at]);
  const toggle = (id: string, isOpen: boolean) => setClosed(new Set(isOpen ? [...closed].filter((one) => one !== id) : [...closed, id]));
  const press = (event: KeyboardEvent) => {
    const act = actionOf(event.key, lines, at);
    if (act === undefined) return;
    event.preventDefault();
    if (act.open !== undefined) toggle(act.id, act.open);
    setActive(act.id);
    if (act.isChosen) onChoose(act.id);
  };
  const first = Math.max(0, Math.floor(sight.top / lineHeight) - margin);
  const last = Math.min(lines.length, Math.ceil((sight.top + sight.height) / lineHeight) + margin);
  return (
    <div
      ref={frame}
      className="span-tree"
      role="tree"
      aria-label="Spans"
      tabIndex={0}
      aria-activedescendant={`${treeId}-${at}`}
      onKeyDown={press}
    >
      {/* Heights of what is not in the page; the policy allows styles that scripts set. */}
      <div role="none" style={{ height: first * lineHeight }} />
      {lines.slice(first, last).map((line, index) => (
        <Line
          key={line.span.id}
          id={`${treeId}-${first + index}`}
          line={line}
          extent={extent}
          isActive={first + index === at}
          isChosen={line.span.id === chosen}
          onToggle={() => toggle(line.span.id, !line.isOpen)}
          onChoose={() => {
            setActive(line.span.id);
            onChoose(line.span.id);
          }}
        />
      ))}
      <div role="none" style={{ height: (lines.length - last) * lineHeight }} />
    </div>
  );
};

type LineProps = {
  id: string;
  line: SpanLine;
  extent: Extent;
  isActive: boolean;
  isChosen: boolean;
  onToggle: () => void;
  onChoose: () => void;
};

/** Deeper lines are not indented further: their names would leave the drawer. */
const indentsMax = 12;

const Line = ({
  id,
  line: { span, depth, childCount, isOpen, position, siblings },
  extent,
  isActive,
  isChosen,
  onToggle,
  onChoose,
}: LineProps) => {
  const { left, width } = barOf(span, extent);
  const seconds = secondsOf(span);
  const duration = seconds === null ? "not ended" : durationText(seconds);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the tree has the focus and takes the keys.
    <div
      id={id}
      className={classNames("span-line", isActive && "span-active")}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-expanded={childCount === 0 ? undefined : isOpen}
      aria-selected={isChosen}
      onClick={onChoose}
    >
      <span className="span-name" style={{ paddingLeft: Math.min(depth, indentsMax) * 14 }}>
        {childCount === 0 ? (
          <span className="span-toggle" />
        ) : (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: arrow keys of the tree open and close.
          <span
            className="span-toggle"
            onClick={(event) => {
              event.stopPropagation();
              onToggle();
            }}
          >
            <Icon name={isOpen ? "chevronDown" : "chevronRight"} size={12} />
          </span>
        )}
        <span className={classNames("span-type", `span-type-${span.type.toLowerCase()}`)}>{span.type}</span>
        <span className="truncate">
          <SafeText text={span.name || span.id} isLine />
        </span>
        {/* The name of the line in screen readers is what it holds: the bar says this by its color. */}
        {span.level === "ERROR" || span.level === "WARNING" ? <span className="visually-hidden">, {span.level}</span> : null}
      </span>
      <svg
        className={classNames("span-bar", span.level === "ERROR" && "span-error", span.level === "WARNING" && "span-warning")}
        aria-hidden="true"
      >
        <rect x={`${left}%`} width={`${width}%`} y="7" height="10" rx="2" />
      </svg>
      <span className="span-duration numeric">
        <span className="visually-hidden">, </span>
        {duration}
      </span>
    </div>
  );
};

type Act = { id: string; open?: boolean; isChosen?: boolean };

/** As trees do: arrows move, right opens or goes inside, left closes or goes to the parent. */
const actionOf = (key: string, lines: readonly SpanLine[], at: number): Act | undefined => {
  const line = lines[at];
  if (line === undefined) return undefined;
  const to = (index: number): Act | undefined => {
    const next = lines[Math.max(0, Math.min(index, lines.length - 1))];
    return next && { id: next.span.id };
  };
  const { id } = line.span;
  if (key === "ArrowRight" && line.childCount > 0) return line.isOpen ? to(at + 1) : { id, open: true };
  if (key === "ArrowLeft")
    return line.isOpen ? { id, open: false } : to(lines.slice(0, at).findLastIndex(({ depth }) => depth < line.depth));
  if (key === "Enter" || key === " ") return { id, isChosen: true };
  const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[key];
  if (move !== undefined) return to(at + move);
  return key === "Home" ? to(0) : key === "End" ? to(lines.length - 1) : undefined;
};
