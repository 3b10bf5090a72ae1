/** Rows over time above the table. Dragging over the plot chooses a range; the form of the time control does the same by keys. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { countText } from "../../components/quantity.ts";
import { FailedNotice } from "../../components/states.tsx";
import type { ExportTable, TableHistogram } from "../../generated/types.gen.ts";
import "./histogram.css";
import { pageOf } from "./table-pages.ts";
import { histogramOptions, rowsOptions } from "./table-queries.ts";
import { type RowFilter, rowFilterOf } from "./table-view.ts";
import { boundsOf } from "./time-range.ts";
import { useRows } from "./use-rows.ts";
import type { TableView } from "./use-table-view.ts";

/** A plot that cannot be loaded takes nothing else along. */
const Plot = lazy(() => import("./plot.tsx").catch(() => ({ default: () => <p className="muted">The plot could not be loaded.</p> })));
const buckets = 80;

export const Histogram = ({ table, view }: { table: ExportTable; view: TableView }) => {
  const { name, search, nowMs, filterBy } = view;
  const { isFetched } = useRows(table, view);
  const asked = rowFilterOf(table, search, nowMs);
  const { from, to = new Date(nowMs).toISOString() } = boundsOf(search, nowMs);
  // Without a start, the plot begins at the first row.
  const first = useQuery({ ...firstRowOptions(table, view, asked), enabled: isFetched && from === undefined });
  const start = from ?? startOf(first.data?.rows[0]?.values[table.timeColumn]);
  const { data, error, refetch } = useQuery({
    ...histogramOptions(name, { ...asked, from: start ?? to, to, buckets }),
    enabled: isFetched && start !== undefined && Date.parse(start) < Date.parse(to),
  });
  // Nothing to draw: the rows below say why.
  if (from === undefined && first.data?.rows.length === 0) return null;
  if (error !== null) return <FailedNotice error={error} retry={() => void refetch()} />;
  return (
    <figure className="histogram">
      {data === undefined ? null : (
        <Suspense>
          <Plot histogram={data} onSelect={(range) => filterBy({ since: undefined, ...range })} />
        </Suspense>
      )}
      <figcaption className="visually-hidden">{data === undefined ? "No rows over time." : inWords(data, pageOf(name).title)}</figcaption>
    </figure>
  );
};

const firstRowOptions = ({ timeColumn }: ExportTable, { name }: TableView, asked: RowFilter) =>
  rowsOptions(name, { ...asked, orderBy: { column: timeColumn, order: "ASC" }, columns: [timeColumn], limit: 1 });

/** Whole seconds, so that the first row is inside. */
const startOf = (instant: unknown): string | undefined =>
  typeof instant === "string" ? new Date(Math.floor(Date.parse(instant) / 1000) * 1000).toISOString() : undefined;

const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** For those who do not see the plot. */
const inWords = ({ from, to, bucketSeconds, counts }: TableHistogram, title: string): string => {
  const sum = counts.reduce((all, one) => all + one, 0);
  const most = Math.max(0, ...counts);
  const at = new Date(Date.parse(from) + counts.indexOf(most) * bucketSeconds * 1000);
  const range = `${title} from ${format.format(new Date(from))} to ${format.format(new Date(to))}: ${countText(sum)}.`;
  return sum === 0 ? range : `${range} Most are at ${format.format(at)}: ${countText(most)}. Choose a range by the button Time.`;
};
