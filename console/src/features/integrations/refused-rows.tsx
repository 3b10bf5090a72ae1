/** Rows that the sink has refused, with its reason, and the button that delivers them again. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listRejectionsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { IntegrationRejection } from "../../generated/types.gen.ts";
import "./refused-rows.css";
import { useIntegrationActions } from "./use-integration-actions.ts";

const route = getRouteApi("/projects/$projectId/integrations/$integrationId");
const pageSize = 50;

export const RefusedRows = ({ integrationId: id, open }: { integrationId: string; open: number }) => {
  const { rows, cursor } = route.useSearch();
  const can = useCan();
  const { redeliver } = useIntegrationActions();
  const state = rows ?? "open";
  const query = useQuery({
    ...listRejectionsOptions({ path: { id }, query: { state, limit: pageSize, ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
  return (
    <>
      <div className="toolbar">
        <Segments
          label="Refused rows"
          segments={[
            { id: "open", title: "Open", search: { tab: "refused" }, isChosen: rows === undefined },
            { id: "all", title: "All", search: { tab: "refused", rows: "all" }, isChosen: rows === "all" },
          ]}
        />
        {can("integrations:CRUD") && open > 0 ? (
          <span className="toolbar-end">
            <Button icon="retry" isBusy={redeliver.isPending} onClick={() => redeliver.mutate({ path: { id } })}>
              Deliver again
            </Button>
          </span>
        ) : null}
      </div>
      <QueryView
        query={query}
        label="refused rows"
        isEmpty={({ data }) => data.length === 0}
        empty={
          <Empty icon="check" title={state === "open" ? "No row is refused" : "No row was ever refused"}>
            <p>Rows that the sink refuses are listed here with its reason, until a later delivery is accepted.</p>
          </Empty>
        }
      >
        {({ data, nextCursor }) => (
          <>
            <div className="refused-table">
              <Table label="Refused rows" columns={columns} rows={data} rowKey={(row) => row.id} isFixed />
            </div>
            <Pager cursor={cursor} nextCursor={nextCursor} shown={data.length === 1 ? "1 row" : `${data.length} rows on this page`} />
          </>
        )}
      </QueryView>
    </>
  );
};

const columns: Column<IntegrationRejection>[] = [
  { id: "table", title: "Table", className: "table-column", cell: ({ tableName }) => <span className="mono">{tableName}</span> },
  {
    id: "row",
    title: "Row",
    className: "row-column",
    cell: ({ rowId }) => (
      <span className="mono truncate" title={rowId}>
        <SafeText text={rowId} isLine />
      </span>
    ),
  },
  {
    id: "reason",
    title: "Reason of the sink",
    cell: ({ message, code }) => (
      <>
        <span className="refused-message">
          <SafeText text={message} />
        </span>{" "}
        <span className="mono muted">{code}</span>
      </>
    ),
  },
  { id: "at", title: "Refused", className: "time-column", cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: "accepted",
    title: "Since then",
    className: "state-column",
    cell: ({ acceptedAt }) => (acceptedAt === null ? <Badge tone="warning">Open</Badge> : <Badge tone="success">Accepted</Badge>),
  },
];
