/** What webhook endpoints were told about an export. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Badge } from "../../components/badge.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { Empty, Failed } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listWebhookDeliveriesOptions, listWebhookEndpointsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { BatchExport, WebhookDeliverySummary, WebhookEndpoint } from "../../generated/types.gen.ts";

const tones = { waiting: "info", delivered: "success", failed: "danger" } as const;
const titles = { waiting: "Waiting", delivered: "Delivered", failed: "Failed" } as const;

export const ExportDeliveries = ({ export: one }: { export: Pick<BatchExport, "id" | "createdAt"> }) => {
  const endpoints = useQuery(listWebhookEndpointsOptions({ query: { limit: 100 } }));
  return (
    <QueryView
      query={endpoints}
      label="webhook endpoints"
      loadingRows={3}
      isEmpty={({ data }) => data.length === 0}
      empty={
        <Empty icon="webhook" title="No webhook endpoint">
          <p>An endpoint is told when exports start, complete or fail.</p>
        </Empty>
      }
    >
      {({ data }) => <Deliveries export={one} endpoints={data} />}
    </QueryView>
  );
};

type DeliveriesProps = { export: Pick<BatchExport, "id" | "createdAt">; endpoints: readonly WebhookEndpoint[] };

const Deliveries = ({ export: { id, createdAt }, endpoints }: DeliveriesProps) => {
  const { rows, error, isPending } = useQueries({
    queries: endpoints.map((endpoint) =>
      listWebhookDeliveriesOptions({ path: { id: endpoint.id }, query: { objectId: id, from: createdAt, limit: 100 } }),
    ),
    combine: (answers) => ({
      rows: answers.flatMap(({ data }) => data?.data ?? []).toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)),
      error: answers.find((answer) => answer.error !== null)?.error ?? null,
      isPending: answers.some((answer) => answer.isPending),
    }),
  });
  if (error !== null) return <Failed error={error} />;
  if (!isPending && rows.length === 0)
    return (
      <Empty icon="webhook" title="No endpoint was told about this export">
        <p>Deliveries are kept for 30 days after they have ended.</p>
      </Empty>
    );
  const urls = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint.url]));
  const columns: Column<WebhookDeliverySummary>[] = [
    { id: "type", title: "Event", cell: ({ type }) => <span className="mono">{type}</span> },
    { id: "state", title: "State", cell: ({ state }) => <Badge tone={tones[state]}>{titles[state]}</Badge> },
    { id: "url", title: "Endpoint", cell: ({ endpointId }) => <span className="truncate">{urls.get(endpointId)}</span> },
    { id: "attempts", title: "Attempts", align: "end", cell: ({ attempts }) => attempts },
    { id: "answer", title: "Answer", align: "end", cell: ({ responseStatus }) => responseStatus ?? "–" },
    { id: "created", title: "Created", cell: ({ createdAt: at }) => <Time at={at} form="full" /> },
  ];
  return <Table label="Webhook deliveries" columns={columns} rows={rows} rowKey={(row) => row.id} />;
};
