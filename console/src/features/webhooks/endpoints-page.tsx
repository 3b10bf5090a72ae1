/** List of the webhook endpoints of a project. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useCommands } from "../../app/commands.ts";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { Page } from "../../components/page.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listWebhookEndpointsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { CreateEndpointDialog } from "./create-endpoint-dialog.tsx";
import { EndpointActions } from "./endpoint-actions.tsx";
import "./endpoints-page.css";
import { endpointStateOf } from "./webhook-state.ts";

const route = getRouteApi("/projects/$projectId/webhooks");
const pageSize = 25;
const refetchMs = 10_000;

export const EndpointsPage = () => {
  const { cursor } = route.useSearch();
  const can = useCan();
  const [isCreating, setCreating] = useState(false);
  const isAllowed = can("webhooks:CRUD");
  const create = () => setCreating(true);
  useCommands(
    isAllowed ? [{ id: "new-endpoint", title: "New webhook endpoint", group: "Webhooks", icon: "webhook", keys: "n", run: create }] : [],
  );
  const query = useQuery({
    ...listWebhookEndpointsOptions({ query: { limit: pageSize, ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
  });
  const button = (
    <Button variant="primary" onClick={create}>
      New endpoint
    </Button>
  );
  return (
    <Page title="Webhooks" actions={isAllowed ? button : null}>
      <QueryView
        query={query}
        label="webhook endpoints"
        isEmpty={({ data }) => data.length === 0}
        empty={<NeverAny action={isAllowed ? button : null} />}
      >
        {({ data, nextCursor }) => (
          <>
            <div className="endpoints-table">
              <Table label="Webhook endpoints" columns={columns} rows={data} rowKey={({ id }) => id} isFixed />
            </div>
            <Pager
              cursor={cursor}
              nextCursor={nextCursor}
              shown={data.length === 1 ? "1 endpoint" : `${data.length} endpoints on this page`}
            />
          </>
        )}
      </QueryView>
      {isCreating ? <CreateEndpointDialog onClose={() => setCreating(false)} /> : null}
    </Page>
  );
};

const columns: Column<WebhookEndpoint>[] = [
  {
    id: "name",
    title: "Endpoint",
    className: "name-column",
    cell: ({ id, name, url, projectId }) => (
      <>
        <Link
          className="truncate"
          to="/projects/$projectId/webhooks/$endpointId"
          params={{ projectId, endpointId: id }}
          title={name}
          data-row-focus=""
        >
          <SafeText text={name} isLine />
        </Link>
        <span className="truncate muted" title={url}>
          <SafeText text={url} isLine />
        </span>
      </>
    ),
  },
  { id: "state", title: "State", cell: (row) => <State {...row} /> },
  {
    id: "events",
    title: "Events",
    className: "events-column",
    cell: ({ eventTypes }) => (
      <span className="truncate" title={eventTypes?.join(", ")}>
        {eventTypes === null ? (
          "All"
        ) : eventTypes.length === 1 ? (
          <span className="mono">{eventTypes[0]}</span>
        ) : (
          `${eventTypes.length} types`
        )}
      </span>
    ),
  },
  {
    id: "signing",
    title: "Signed by",
    className: "signing-column",
    cell: ({ signing }) => <span className="mono">{signing}</span>,
  },
  { id: "created", title: "Created", className: "time-column", cell: ({ createdAt }) => <Time at={createdAt} form="relative" /> },
  {
    id: "action",
    title: "Action",
    isTitleHidden: true,
    className: "action-column",
    cell: (row) => <EndpointActions endpoint={row} isShort />,
  },
];

const State = ({ state, fault }: WebhookEndpoint) => {
  const { title, tone } = endpointStateOf({ state, fault });
  return (
    <div className="endpoint-state">
      <Badge tone={tone}>{title}</Badge>
      {fault === null ? null : (
        <span className="truncate muted" title={`${fault.message} ${fault.help}`}>
          {fault.message}
        </span>
      )}
    </div>
  );
};

const NeverAny = ({ action }: { action: React.ReactNode }) => (
  <Empty icon="webhook" title="No webhook endpoints yet" actions={action ?? undefined}>
    <p>An endpoint is told when exports and integrations start, complete or fail. Make one here, or with a key:</p>
    <CodeBlock
      label="command that makes an endpoint"
      code={`curl -u PUBLIC_KEY:SECRET_KEY ${window.location.origin}/api/public/webhook-endpoints \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "pipeline", "url": "https://example.com/webhooks/spillway", "eventTypes": ["export.completed"]}'`}
    />
  </Empty>
);
