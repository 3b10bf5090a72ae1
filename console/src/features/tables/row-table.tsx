/** Rows of a page, their paging, and what stands in their place where there are none. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Button } from "../../components/button.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { Pager } from "../../components/pager.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import type { ExportTable, TableRow, TableRowsPage } from "../../generated/types.gen.ts";
import { Cell } from "./cell.tsx";
import { pageOf } from "./table-pages.ts";
import { orderOf, sortOf } from "./table-search.ts";
import { sortIdOf } from "./table-view.ts";
import type { TableView } from "./use-table-view.ts";

type RowTableProps = {
  table: ExportTable;
  view: TableView;
  columns: readonly string[];
  query: Pick<UseQueryResult<TableRowsPage, unknown>, "data" | "error" | "isPending" | "isPlaceholderData" | "refetch">;
};

export const RowTable = ({ table, view, columns, query }: RowTableProps) => {
  const { name, search, nowMs } = view;
  const { title, noun } = pageOf(name);
  return (
    <QueryView query={query} label={title} loadingRows={12} isEmpty={({ rows }) => rows.length === 0} empty={<NoRows view={view} />}>
      {({ rows, nextCursor }) => (
        <>
          <Table
            label={title}
            columns={columns.map((id, at) => columnOf(table, view, id, at === 0))}
            rows={rows}
            rowKey={({ id }) => id}
            selectedKey={search.row ?? null}
            isDense
          />
          <Pager
            cursor={search.cursor}
            nextCursor={nextCursor}
            shown={`${countText(rows.length)} ${rows.length === 1 ? noun : `${noun}s`} on this page`}
            beside={{ at: new Date(nowMs).toISOString() }}
          />
        </>
      )}
    </QueryView>
  );
};

const numeric = new Set(["integer", "decimal", "number"]);

const columnOf = (table: ExportTable, view: TableView, id: string, isFirst: boolean): Column<TableRow> => {
  const described = table.columns.find((column) => column.id === id);
  const column = described ?? { id, type: "string", unit: null, description: id };
  const sortId = sortIdOf(table, id);
  const cell = ({ values, cut }: TableRow) => <Cell column={column} value={values[id]} cutFrom={cut[id]} />;
  return {
    id,
    title: id,
    hint: column.description,
    ...(numeric.has(column.type) && { align: "end" as const }),
    ...(sortId !== undefined && { sort: sortBy(table, view, sortId) }),
    cell: isFirst ? (row) => <RowButton row={row} view={view} content={cell(row)} /> : cell,
  };
};

/** First descending, then ascending, then the order of the page. By time, newest first is that order. */
const sortBy = (table: ExportTable, { search, filterBy }: TableView, column: string) => {
  const order = orderOf(search) ?? { column: table.timeColumn, order: "DESC" as const };
  const isByThis = order.column === column;
  const next = isByThis && order.order === "ASC" ? null : { column, order: isByThis ? ("ASC" as const) : ("DESC" as const) };
  const isDefault = next !== null && next.column === table.timeColumn && next.order === "DESC";
  return {
    direction: isByThis ? (order.order === "ASC" ? ("ascending" as const) : ("descending" as const)) : null,
    onSort: () => filterBy({ sort: isDefault ? undefined : sortOf(next) }),
  };
};

/** While a drawer is open, moving to a row shows it there. */
const RowButton = ({ row, view: { search, show }, content }: { row: TableRow; view: TableView; content: React.ReactNode }) => (
  <button
    type="button"
    className="row-open"
    data-row-focus=""
    data-row-id={row.id}
    onClick={() => show({ row: row.id, span: undefined })}
    onFocus={() => search.row !== undefined && search.row !== row.id && show({ row: row.id, span: undefined }, { replace: true })}
  >
    {content}
  </button>
);

const NoRows = ({ view: { name, search, filterBy } }: { view: TableView }) => {
  const { title, noun } = pageOf(name);
  const { filter, q, since, from, to, cursor } = search;
  if ([filter, q, since, from, to, cursor].every((one) => one === undefined)) return <NeverAny title={title.toLowerCase()} />;
  const showAll = () => filterBy({ filter: undefined, q: undefined, in: undefined, since: undefined, from: undefined, to: undefined });
  return (
    <Empty title={`No ${noun} fits`} actions={<Button onClick={showAll}>Show all {title.toLowerCase()}</Button>}>
      <p>Filters, search and time leave nothing. Widen the time or remove a filter.</p>
    </Empty>
  );
};

const NeverAny = ({ title }: { title: string }) => (
  <Empty icon="events" title={`No ${title} yet`}>
    <p>They appear here within seconds after they are sent, by an SDK of Langfuse, by OpenTelemetry, or with a key of this project:</p>
    <CodeBlock label="command that sends a trace" code={sendCommand()} />
  </Empty>
);

const sendCommand = (): string => {
  const now = new Date().toISOString();
  const event = (id: string, type: string, body: object) => ({ id, type, timestamp: now, body });
  const batch = [
    event("event-1", "trace-create", { id: "trace-1", name: "hello", userId: "me", sessionId: "session-1" }),
    event("event-2", "generation-create", { id: "generation-1", traceId: "trace-1", name: "answer", startTime: now, model: "gpt-4o" }),
    event("event-3", "score-create", { id: "score-1", traceId: "trace-1", name: "helpful", value: 1 }),
  ];
  return `curl -u PUBLIC_KEY:SECRET_KEY ${window.location.origin}/api/public/ingestion \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify({ batch })}'`;
};
