/** What lies under a window: its attempts, what each table came to with its files, and why it failed. */
import { useQuery } from "@tanstack/react-query";
import { failedMs } from "../../app/query-client.ts";
import { CopyText } from "../../components/code-block.tsx";
import { Facts } from "../../components/facts.tsx";
import { bytesText, countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { getIntegrationRunOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { IntegrationRunSummary } from "../../generated/types.gen.ts";
import type { Kind } from "./integration-search.ts";
import { Fault } from "./integration-status.tsx";
import { type TableResult, tablesOf } from "./run-tables.ts";

export const RunDetails = ({ run, kind }: { run: IntegrationRunSummary; kind: Kind }) => {
  // Until the answer is as new as the list.
  const query = useQuery({
    ...getIntegrationRunOptions({ path: { id: run.integrationId, runId: run.id } }),
    refetchInterval: ({ state: { data, error } }) =>
      error !== null ? failedMs : data?.state === run.state && data.finishedAt === run.finishedAt ? false : 1000,
  });
  return (
    <div className="run-details">
      {run.error === null ? null : <Fault fault={run.error} tone={run.state === "failed" ? "danger" : "warning"} />}
      <Facts
        facts={[
          ["Attempts", attemptsText(run)],
          ["Began", run.startedAt === null ? "Not yet" : <Time key="began" at={run.startedAt} form="full" />],
          ["Ended", run.finishedAt === null ? "Not yet" : <Time key="ended" at={run.finishedAt} form="full" />],
          ["Manifest", run.manifestKey === null ? null : <CopyText key="manifest" text={run.manifestKey} label="key of the manifest" />],
          ["Content hash", run.contentHash === null ? null : <CopyText key="hash" text={run.contentHash} label="content hash" />],
          ["Run", <CopyText key="run" text={run.id} label="id of the run" />],
        ]}
      />
      <QueryView query={query} label="tables of the run" loadingRows={2}>
        {({ tables }) => <Tables tables={tablesOf(tables)} isOfFiles={kind === "blob_storage"} />}
      </QueryView>
    </div>
  );
};

const attemptsText = ({ attempts, deliveries, state }: IntegrationRunSummary): string => {
  const times = deliveries === 0 ? "never delivered" : deliveries === 1 ? "delivered once" : `delivered ${countText(deliveries)} times`;
  const made = `${countText(attempts)} for this delivery`;
  return `${state === "queued" && attempts === 0 ? "None yet" : made}; ${times}`;
};

const Tables = ({ tables, isOfFiles }: { tables: readonly TableResult[]; isOfFiles: boolean }) => {
  if (tables.length === 0) return <p className="muted">No table has ended yet.</p>;
  const columns: Column<TableResult>[] = [
    { id: "table", title: "Table", cell: ({ name }) => <span className="mono">{name}</span> },
    { id: "rows", title: "Rows", align: "end", cell: ({ rows }) => countText(rows) },
    ...(isOfFiles ? fileColumns : eventColumns),
  ];
  return (
    <div className="run-tables">
      <Table label="Tables of the run" columns={columns} rows={tables} rowKey={({ name }) => name} />
    </div>
  );
};

const fileColumns: Column<TableResult>[] = [
  { id: "bytes", title: "Size", align: "end", cell: ({ bytes }) => <span title={`${countText(bytes)} bytes`}>{bytesText(bytes)}</span> },
  {
    id: "files",
    title: "Files",
    cell: ({ files }) =>
      files.length === 0 ? (
        <span className="muted">None: the window has no rows</span>
      ) : (
        files.map((name) => (
          <span key={name} className="mono truncate" title={name}>
            {name}
          </span>
        ))
      ),
  },
];

const eventColumns: Column<TableResult>[] = [
  { id: "sent", title: "Sent", align: "end", cell: ({ sent }) => countText(sent) },
  { id: "accepted", title: "Accepted", align: "end", cell: ({ accepted }) => countText(accepted) },
  { id: "rejected", title: "Refused", align: "end", cell: ({ rejected }) => countText(rejected) },
];
