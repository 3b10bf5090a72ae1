/** The pages of tables that people look at: filters, plot, rows, and a drawer beside them. */
import { useState } from "react";
import { useCommands } from "../../app/commands.ts";
import { refetchOperations } from "../../app/query-client.ts";
import { useCan } from "../../app/use-project.ts";
import { Button, IconButton } from "../../components/button.tsx";
import { Page } from "../../components/page.tsx";
import { QueryView } from "../../components/query-view.tsx";
import type { ExportTable } from "../../generated/types.gen.ts";
import { ColumnPicker } from "./column-picker.tsx";
import { ExportDialog } from "./export-dialog.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { Histogram } from "./histogram.tsx";
import { RowCount } from "./row-count.tsx";
import { RowDrawer } from "./row-drawer.tsx";
import { RowTable } from "./row-table.tsx";
import { SearchBox } from "./search-box.tsx";
import { pageOf, type TableName } from "./table-pages.ts";
import { shownColumns } from "./table-view.ts";
import "./tables-page.css";
import { TimeControl } from "./time-control.tsx";
import { useRows } from "./use-rows.ts";
import { type TableView, useTable, useTableView } from "./use-table-view.ts";

export const EventsPage = () => <TablePage name="events" />;
export const TracesPage = () => <TablePage name="traces" />;
export const ObservationsPage = () => <TablePage name="observations" />;
export const ScoresPage = () => <TablePage name="scores" />;
export const SessionsPage = () => <TablePage name="sessions" />;

const TablePage = ({ name }: { name: TableName }) => {
  const view = useTableView(name);
  const table = useTable(name);
  const can = useCan();
  const [isExporting, setExporting] = useState(false);
  const { title } = pageOf(name);
  const refresh = () => {
    view.refresh();
    void refetchOperations("listTableRows", "countTableRows", "estimateBatchExport");
  };
  const canExport = can("batchExports:create") && table.data !== undefined;
  useCommands([
    { id: "refresh", title: `Refresh ${title.toLowerCase()}`, group: title, icon: "retry", keys: "r", run: refresh },
    ...(canExport
      ? [{ id: "export", title: "Export these rows", group: title, icon: "export" as const, keys: "e", run: () => setExporting(true) }]
      : []),
  ]);
  return (
    <Page
      title={title}
      beside={table.data === undefined ? null : <RowCount table={table.data} view={view} />}
      actions={
        <>
          <IconButton icon="retry" label="Refresh" onClick={refresh} />
          {canExport ? (
            <Button variant="primary" icon="export" onClick={() => setExporting(true)}>
              Export
            </Button>
          ) : null}
        </>
      }
    >
      <QueryView query={table} label="the table" loadingRows={12}>
        {(description) => (
          <>
            <Rows table={description} view={view} />
            {isExporting ? <ExportDialog table={description} view={view} onClose={() => setExporting(false)} /> : null}
          </>
        )}
      </QueryView>
    </Page>
  );
};

const Rows = ({ table, view }: { table: ExportTable; view: TableView }) => {
  const { name, search, show } = view;
  const columns = shownColumns(table, name, search);
  const query = useRows(table, view);
  const isPlotted = search.plot !== "off";
  return (
    <div className="tables">
      <div className="toolbar">
        <SearchBox table={table} view={view} />
        <TimeControl view={view} />
        <FilterBar table={table} view={view} />
        <span className="toolbar toolbar-end">
          <Button
            variant="ghost"
            icon="plot"
            aria-pressed={isPlotted}
            onClick={() => show({ plot: isPlotted ? "off" : undefined }, { replace: true })}
          >
            {isPlotted ? "Hide plot" : "Show plot"}
          </Button>
          <ColumnPicker table={table} view={view} />
        </span>
      </div>
      {isPlotted ? <Histogram table={table} view={view} /> : null}
      <RowTable table={table} view={view} columns={columns} query={query} />
      {search.row === undefined ? null : <RowDrawer key={name} table={table} view={view} id={search.row} rows={query.data?.rows ?? []} />}
    </div>
  );
};
