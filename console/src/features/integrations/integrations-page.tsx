/** List of the integrations of a project: how each is, how far it has got, and how its last 24 hours went. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCommands } from "../../app/commands.ts";
import { useCan, useProject } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { buttonClass } from "../../components/button.tsx";
import { CodeBlock } from "../../components/code-block.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { Pager } from "../../components/pager.tsx";
import { durationText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listIntegrationsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Integration } from "../../generated/types.gen.ts";
import "./coverage-strip.css";
import { Health } from "./health.tsx";
import { IntegrationActions } from "./integration-actions.tsx";
import { kinds } from "./integration-search.ts";
import { destinationOf, isBusy, kindTitles, stateOf } from "./integration-state.ts";
import "./integrations-page.css";

const route = getRouteApi("/projects/$projectId/integrations");
const pageSize = 25;
const busyMs = 2000;
const idleMs = 15_000;

export const IntegrationsPage = () => {
  const { kind, cursor } = route.useSearch();
  const query = useQuery({
    ...listIntegrationsOptions({ query: { limit: pageSize, ...(kind && { kind }), ...(cursor && { cursor }) } }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.data.some(isBusy) ? busyMs : idleMs),
  });
  return (
    <Page title="Integrations" actions={<NewIntegration />}>
      <Segments
        label="Kind"
        segments={[
          { id: "all", title: "All", search: {}, isChosen: kind === undefined },
          ...kinds.map((each) => ({ id: each, title: kindTitles[each], search: { kind: each }, isChosen: each === kind })),
        ]}
      />
      <QueryView
        query={query}
        label="integrations"
        isEmpty={({ data }) => data.length === 0}
        empty={kind === undefined && cursor === undefined ? <NeverAny /> : <FilteredAway />}
      >
        {({ data, nextCursor }) => (
          <>
            <div className="integrations-table">
              <Table label="Integrations" columns={columns} rows={data} rowKey={({ id }) => id} isFixed />
            </div>
            <Pager
              cursor={cursor}
              nextCursor={nextCursor}
              shown={data.length === 1 ? "1 integration" : `${data.length} integrations on this page`}
            />
          </>
        )}
      </QueryView>
    </Page>
  );
};

const NewIntegration = () => {
  const can = useCan();
  const navigate = useNavigate();
  const { id: projectId } = useProject();
  const isAllowed = can("integrations:CRUD");
  const to = "/projects/$projectId/integrations/new";
  const run = () => void navigate({ to, params: { projectId } });
  useCommands(
    isAllowed ? [{ id: "new-integration", title: "New integration", group: "Integrations", icon: "integration", keys: "n", run }] : [],
  );
  return isAllowed ? (
    <Link to={to} params={{ projectId }} className={buttonClass({ variant: "primary" })}>
      New integration
    </Link>
  ) : null;
};

const columns: Column<Integration>[] = [
  { id: "name", title: "Name", className: "name-column", cell: (row) => <Name {...row} /> },
  { id: "state", title: "State", cell: (row) => <State {...row} /> },
  { id: "through", title: "Delivered through", className: "through-column", cell: ({ status }) => <Through {...status} /> },
  {
    id: "next",
    title: "Next run",
    className: "next-column",
    cell: ({ status: { nextRunAt } }) =>
      nextRunAt === null ? <span className="muted">None</span> : <Time at={nextRunAt} form="relative" />,
  },
  { id: "health", title: "Last 24 hours", className: "health-column", cell: ({ id }) => <Health id={id} /> },
  {
    id: "action",
    title: "Action",
    isTitleHidden: true,
    className: "action-column",
    cell: (row) => <IntegrationActions integration={row} isShort />,
  },
];

const Name = (one: Integration) => (
  <>
    <Link
      className="truncate"
      to="/projects/$projectId/integrations/$integrationId"
      params={{ projectId: one.projectId, integrationId: one.id }}
      title={one.name}
      data-row-focus=""
    >
      <SafeText text={one.name} isLine />
    </Link>
    <span className="truncate muted" title={destinationOf(one)}>
      {kindTitles[one.kind]} · {destinationOf(one)}
    </span>
  </>
);

const State = (one: Integration) => {
  const { title, tone } = stateOf(one);
  return (
    <div className="integration-state">
      <Badge tone={tone}>{title}</Badge>
      <span className="integration-sentence" title={one.status.sentence}>
        {one.status.sentence}
      </span>
    </div>
  );
};

const Through = ({ deliveredThrough, lagSeconds }: Integration["status"]) =>
  deliveredThrough === null ? (
    <span className="muted">Nothing yet</span>
  ) : (
    <div>
      <Time at={deliveredThrough} />
      {lagSeconds === null ? null : <span className="truncate muted numeric">{durationText(lagSeconds)} behind</span>}
    </div>
  );

const NeverAny = () => {
  const { id: projectId } = useProject();
  const can = useCan();
  return (
    <Empty
      icon="integration"
      title="No integrations yet"
      actions={
        can("integrations:CRUD") ? (
          <Link to="/projects/$projectId/integrations/new" params={{ projectId }} className={buttonClass({ variant: "primary" })}>
            <Icon name="integration" size={14} />
            New integration
          </Link>
        ) : undefined
      }
    >
      <p>An integration delivers what is written, window by window, to a bucket, PostHog or Mixpanel. Or make one with a key:</p>
      <CodeBlock
        label="command that makes an integration"
        code={`curl -u PUBLIC_KEY:SECRET_KEY ${window.location.origin}/api/public/integrations \\
  -H 'Content-Type: application/json' \\
  -d '{"kind": "blob_storage", "name": "warehouse", "schedule": {"frequency": "hourly"},
    "settings": {"type": "S3", "bucketName": "my-warehouse", "prefix": "spillway/"},
    "secret": {"accessKeyId": "…", "secretAccessKey": "…"}}'`}
      />
    </Empty>
  );
};

const FilteredAway = () => (
  <Empty
    title="No integration here"
    actions={
      <Link to="." search={{}} className={buttonClass()}>
        Show all integrations
      </Link>
    }
  >
    <p>Others may be of another kind, or on an earlier page.</p>
  </Empty>
);
