/** List of the exports of a project, followed while they run. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Badge } from "../../components/badge.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { Page } from "../../components/page.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listBatchExportsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { BatchExportSummary } from "../../generated/types.gen.ts";
import { ExportActions } from "./export-actions.tsx";
import { ExportProgress } from "./export-progress.tsx";
import { exportStatuses } from "./export-search.ts";
import { stateOf } from "./export-state.ts";
import "./exports-page.css";
import type { Pace } from "./pace.ts";
import { requesterText } from "./requester-text.ts";
import { useLiveExports } from "./use-live-exports.ts";
import { usePaces } from "./use-paces.ts";

const route = getRouteApi("/projects/$projectId/exports");
const pageSize = 25;
/** The stream tells what changes; this finds what it has lost. */
const refetchMs = 15_000;

export const ExportsPage = () => {
  const { status, cursor } = route.useSearch();
  const { user } = route.useRouteContext().account;
  const query = useQuery({
    ...listBatchExportsOptions({ query: { limit: pageSize, ...(status && { status }), ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  });
  useLiveExports();
  const rows = query.data?.data ?? [];
  const paces = usePaces(rows, query.dataUpdatedAt);
  return (
    <Page title="Exports">
      <StatusFilter />
      <QueryView
        query={query}
        label="exports"
        isEmpty={({ data }) => data.length === 0}
        empty={status === undefined && cursor === undefined ? <NeverAny /> : <FilteredAway />}
      >
        {({ data, nextCursor }) => (
          <>
            <div className="exports-table">
              <Table label="Exports" columns={columnsOf(paces, user.id)} rows={data} rowKey={({ id }) => id} isFixed />
            </div>
            <Pager cursor={cursor} nextCursor={nextCursor} shown={data.length === 1 ? "1 export" : `${data.length} exports on this page`} />
          </>
        )}
      </QueryView>
    </Page>
  );
};

const columnsOf = (paces: ReadonlyMap<string, Pace>, ownId: string): Column<BatchExportSummary>[] => [
  { id: "name", title: "Name", className: "name", cell: (row) => <Name {...row} /> },
  {
    id: "status",
    title: "Status",
    className: "state-column",
    cell: (row) => {
      const { title, tone } = stateOf(row);
      return <Badge tone={tone}>{title}</Badge>;
    },
  },
  {
    id: "progress",
    title: "Progress",
    className: "progress-column",
    cell: (row) => <ExportProgress followed={row} pace={paces.get(row.id)} />,
  },
  { id: "by", title: "By", className: "by-column", cell: ({ requestedBy }) => requesterText(requestedBy, ownId) },
  { id: "created", title: "Created", className: "time-column", cell: ({ createdAt }) => <Time at={createdAt} form="relative" /> },
  {
    id: "expires",
    title: "Expires",
    className: "time-column",
    cell: ({ expiresAt, isExpired }) =>
      expiresAt === null ? (
        <span className="muted">–</span>
      ) : isExpired ? (
        <span className="muted">Expired</span>
      ) : (
        <Time at={expiresAt} form="relative" />
      ),
  },
  {
    id: "action",
    title: "Action",
    isTitleHidden: true,
    className: "action-column",
    cell: (row) => <ExportActions export={row} isShort />,
  },
];

const Name = ({ id, name, tableName, format, compression }: BatchExportSummary) => {
  const { projectId } = route.useParams();
  return (
    <>
      <Link
        className="truncate"
        to="/projects/$projectId/exports/$exportId"
        params={{ projectId, exportId: id }}
        title={name}
        data-row-focus=""
      >
        <SafeText text={name} isLine />
      </Link>
      <span className="truncate muted">
        {tableName} · {format}
        {compression === "none" ? "" : ` · ${compression}`}
      </span>
    </>
  );
};

const statusTitles: Record<(typeof exportStatuses)[number], string> = {
  QUEUED: "Queued",
  PROCESSING: "Running",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

const StatusFilter = () => {
  const { status } = route.useSearch();
  return (
    <Segments
      label="Status"
      segments={[
        { id: "all", title: "All", search: {}, isChosen: status === undefined },
        ...exportStatuses.map((each) => ({ id: each, title: statusTitles[each], search: { status: each }, isChosen: each === status })),
      ]}
    />
  );
};

const NeverAny = () => (
  <Empty icon="export" title="No exports yet">
    <p>An export writes the rows you choose to a file. Start one with a key of this project:</p>
    <CodeBlock
      label="command that starts an export"
      code={`curl -u PUBLIC_KEY:SECRET_KEY ${window.location.origin}/api/public/batch-exports \\
  -H 'Content-Type: application/json' \\
  -d '{"format": "JSONL", "compression": "gzip", "query": {"tableName": "events", "filter": []}}'`}
    />
  </Empty>
);

const FilteredAway = () => (
  <Empty
    title="No export here"
    actions={
      <Link to="." search={{}} className="button button-secondary">
        Show all exports
      </Link>
    }
  >
    <p>Others may have another status, or be on an earlier page.</p>
  </Empty>
);
