/** Details of a row beside the table: its values, its trace, its scores and comments. Arrow keys go from row to row while it is open. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { announce } from "../../app/announce.tsx";
import { useCan, useProject } from "../../app/use-project.ts";
import { IconButton } from "../../components/button.tsx";
import { Drawer } from "../../components/drawer.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { visibleLine } from "../../components/visible-text.ts";
import type { ExportTable, TableRow } from "../../generated/types.gen.ts";
import { RowComments } from "./row-comments.tsx";
import "./row-drawer.css";
import { RowScores } from "./row-scores.tsx";
import { RowValues } from "./row-values.tsx";
import { SessionTraces } from "./session-traces.tsx";
import { pageOf } from "./table-pages.ts";
import { rowsOptions } from "./table-queries.ts";
import type { RowTab } from "./table-search.ts";
import { TraceTree } from "./trace-tree.tsx";
import type { TableView } from "./use-table-view.ts";

type DrawerProps = { table: ExportTable; view: TableView; id: string; rows: readonly TableRow[] };

export const RowDrawer = ({ table, view, id, rows }: DrawerProps) => {
  const { name, show } = view;
  const { noun } = pageOf(name);
  const at = rows.findIndex((row) => row.id === id);
  const go = (by: -1 | 1) => {
    const next = at === -1 ? undefined : rows[at + by];
    if (next === undefined) return;
    show({ row: next.id, span: undefined }, { replace: true });
    announce(`Row ${at + by + 1} of ${rows.length}`);
  };
  useArrowKeys(go);
  useFocusOfRow(id);
  const title = `${noun[0]?.toUpperCase()}${noun.slice(1)} ${visibleLine(id)}`;
  return (
    <Drawer
      title={title}
      isWide
      onClose={() => show({ row: undefined, tab: undefined, span: undefined })}
      actions={
        <>
          <IconButton icon="arrowUp" label="Previous row" disabled={at <= 0} onClick={() => go(-1)} />
          <IconButton icon="arrowDown" label="Next row" disabled={at === -1 || at === rows.length - 1} onClick={() => go(1)} />
        </>
      }
    >
      <Parts key={id} table={table} view={view} id={id} />
    </Drawer>
  );
};

const Parts = ({ table, view, id }: Omit<DrawerProps, "rows">) => {
  const { name, search, show } = view;
  const can = useCan();
  const { traceColumn, commentObject, scoreColumn } = pageOf(name);
  const traceId = useTraceId(table, view, id);
  const tabs = [
    { id: "details", title: "Details", isShown: true },
    { id: "trace", title: "Trace", isShown: traceColumn !== null && can("traces:read") },
    { id: "traces", title: "Traces", isShown: name === "sessions" },
    { id: "scores", title: "Scores", isShown: scoreColumn !== null },
    { id: "comments", title: "Comments", isShown: commentObject !== null && can("comments:CRUD") },
  ] as const satisfies readonly { id: RowTab; title: string; isShown: boolean }[];
  const shown = tabs.filter(({ isShown }) => isShown);
  const selected = shown.find((one) => one.id === search.tab)?.id ?? "details";
  const isSpan = name === "events" || name === "observations";
  const panels: Record<RowTab, () => React.ReactNode> = {
    details: () => <RowValues table={name} id={id} />,
    trace: () =>
      traceId === undefined ? null : traceId === "" ? (
        <p className="muted">This row belongs to no trace.</p>
      ) : (
        <>
          {name === "traces" ? null : <TraceLink traceId={traceId} />}
          <TraceTree view={view} traceId={traceId} rowSpan={isSpan ? id : undefined} />
        </>
      ),
    traces: () => <SessionTraces sessionId={id} />,
    scores: () =>
      scoreColumn === null ? null : <RowScores column={scoreColumn} id={scoreColumn === "sessionId" ? id : traceId} rowId={id} />,
    comments: () => (commentObject === null ? null : <RowComments objectType={commentObject} objectId={id} />),
  };
  return (
    <Tabs
      label="Parts of the row"
      tabs={shown}
      selected={selected}
      onSelect={(tab) => show({ tab: tab === "details" ? undefined : tab }, { replace: true })}
    >
      {panels[selected]()}
    </Tabs>
  );
};

const TraceLink = ({ traceId }: { traceId: string }) => {
  const { id: projectId } = useProject();
  return (
    <p>
      <Link to="/projects/$projectId/traces" params={{ projectId }} search={{ row: traceId }}>
        Open trace {visibleLine(traceId)}
      </Link>
    </p>
  );
};

/** Undefined while it is looked up; empty if the row has no trace. */
const useTraceId = (table: ExportTable, { name }: TableView, id: string): string | undefined => {
  const { traceColumn } = pageOf(name);
  const isOther = traceColumn !== null && traceColumn !== "id";
  const { data } = useQuery({
    ...rowsOptions(name, {
      filter: [{ type: "string", column: "id", operator: "=", value: id }],
      columns: [isOther ? traceColumn : table.timeColumn],
      limit: 1,
    }),
    enabled: isOther,
  });
  if (!isOther) return traceColumn === null ? "" : id;
  return data === undefined ? undefined : String(data.rows[0]?.values[traceColumn] ?? "");
};

/** Fields, lists of tabs and trees have their own use for arrows. */
const ownArrows = "input, select, textarea, [role=tablist], [role=tree], [role=menu], dialog, [popover]";

const useArrowKeys = (go: (by: -1 | 1) => void): void => {
  const latest = useRef(go);
  useEffect(() => {
    latest.current = go;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(ownArrows) !== null) return;
      const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
      if (by !== 1 && by !== -1) return;
      event.preventDefault();
      latest.current(by);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
};

/** After closing, the focus is at the row that was open last, not at the one that opened the drawer. */
const useFocusOfRow = (id: string): void => {
  const latest = useRef(id);
  useEffect(() => {
    latest.current = id;
  });
  useEffect(
    () => () => {
      // After the drawer has given the focus back.
      setTimeout(() => document.querySelector<HTMLElement>(`[data-row-id="${CSS.escape(latest.current)}"]`)?.focus());
    },
    [],
  );
};
