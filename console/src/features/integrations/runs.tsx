/** Runs of an integration: one for each window, with its attempts and what each table came to folded under it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Badge } from "../../components/badge.tsx";
import { classNames } from "../../components/class-names.ts";
import { Icon } from "../../components/icon.tsx";
import { Pager } from "../../components/pager.tsx";
import { bytesText, countText, durationText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listIntegrationRunsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Integration, IntegrationRunSummary } from "../../generated/types.gen.ts";
import { rangeText } from "./coverage-cells.ts";
import { runStates } from "./integration-search.ts";
import { isBusy, runTitles, runTones } from "./integration-state.ts";
import { RunDetails } from "./run-details.tsx";
import "./runs.css";

const route = getRouteApi("/projects/$projectId/integrations/$integrationId");
const pageSize = 25;
const busyMs = 1500;
const idleMs = 15_000;

export const Runs = ({ integration: one }: { integration: Integration }) => {
  const { state, from, to, cursor, run } = route.useSearch();
  const range: Record<string, string> = from === undefined || to === undefined ? {} : { from, to };
  const query = useQuery({
    ...listIntegrationRunsOptions({
      path: { id: one.id },
      query: { limit: pageSize, ...range, ...(state && { state }), ...(cursor && { cursor }) },
    }),
    placeholderData: keepPreviousData,
    refetchInterval: isBusy(one) ? busyMs : idleMs,
  });
  const columns = one.kind === "blob_storage" ? [...first, rows, bytes, ...last] : [...first, accepted, refused, ...last];
  return (
    <>
      <Segments
        label="State of windows"
        segments={[
          { id: "all", title: "All", search: range, isChosen: state === undefined },
          ...runStates.map((each) => ({ id: each, title: titles[each], search: { ...range, state: each }, isChosen: each === state })),
        ]}
      />
      <QueryView
        query={query}
        label="runs"
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title="No window here" children={<p>Others may be in another state, or at another time.</p>} />}
      >
        {({ data, nextCursor }) => (
          <>
            <div className="runs-table">
              <Table
                label="Runs"
                columns={columns}
                rows={data}
                rowKey={({ id }) => id}
                isFixed
                detailsOf={(row) => (row.id === run ? <RunDetails run={row} /> : null)}
              />
            </div>
            <Pager cursor={cursor} nextCursor={nextCursor} shown={data.length === 1 ? "1 window" : `${data.length} windows on this page`} />
          </>
        )}
      </QueryView>
    </>
  );
};

const titles = { completed: "Delivered", running: "Delivering", queued: "Queued", pending: "To deliver again", failed: "Failed" } as const;

const WindowButton = ({ id, windowStart, windowEnd }: IntegrationRunSummary) => {
  const { run } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/integrations/$integrationId" });
  const isOpen = run === id;
  return (
    <button
      type="button"
      className="window-button numeric"
      aria-expanded={isOpen}
      data-row-focus=""
      onClick={() =>
        void navigate({
          search: ({ run: _, ...search }) => (isOpen ? search : { ...search, run: id }),
          replace: true,
          resetScroll: false,
        })
      }
    >
      <span className={classNames("fold", isOpen && "fold-open")}>
        <Icon name="chevronRight" size={12} />
      </span>
      {rangeText(windowStart, windowEnd)}
    </button>
  );
};

const causes = { schedule: "Schedule", manual: "Run now", backfill: "Backfill" } as const;

const attemptsText = ({ attempts, deliveries }: IntegrationRunSummary): string =>
  [`${attempts} ${attempts === 1 ? "attempt" : "attempts"}`, ...(deliveries > 1 ? [`delivered ${deliveries} times`] : [])].join(", ");

const seconds = ({ startedAt, finishedAt }: IntegrationRunSummary): string =>
  startedAt === null || finishedAt === null ? "–" : durationText((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);

const first: Column<IntegrationRunSummary>[] = [
  { id: "window", title: "Window", cell: (row) => <WindowButton {...row} /> },
  {
    id: "state",
    title: "State",
    className: "state-column",
    cell: ({ state }) => <Badge tone={runTones[state]}>{titles[state]}</Badge>,
  },
];
const rows: Column<IntegrationRunSummary> = {
  ...{ id: "rows", title: "Rows", align: "end", className: "count-column" },
  cell: (row) => countText(row.rows),
};
const bytes: Column<IntegrationRunSummary> = {
  ...{ id: "bytes", title: "Size", align: "end", className: "count-column" },
  cell: (row) => <span title={`${countText(row.bytes)} bytes`}>{bytesText(row.bytes)}</span>,
};
const accepted: Column<IntegrationRunSummary> = {
  ...{ id: "accepted", title: "Accepted", align: "end", className: "count-column" },
  cell: (row) => countText(row.accepted),
};
const refused: Column<IntegrationRunSummary> = {
  ...{ id: "rejected", title: "Refused", align: "end", className: "count-column" },
  cell: (row) => (row.rejected === 0 ? <span className="muted">0</span> : <strong>{countText(row.rejected)}</strong>),
};
const last: Column<IntegrationRunSummary>[] = [
  { id: "cause", title: "Cause", className: "cause-column", cell: ({ cause }) => causes[cause] },
  { id: "attempts", title: "Attempts", className: "attempts-column", cell: (row) => <span className="truncate">{attemptsText(row)}</span> },
  { id: "took", title: "Took", align: "end", className: "took-column", cell: seconds },
  {
    id: "finished",
    title: "Ended",
    className: "time-column",
    cell: ({ finishedAt, state }) =>
      finishedAt === null ? <span className="muted">{runTitles[state]}</span> : <Time at={finishedAt} form="relative" />,
  },
];
