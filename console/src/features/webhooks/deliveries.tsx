/** What was sent to an endpoint, newest first; the open one is in a drawer beside the list. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Badge } from "../../components/badge.tsx";
import { buttonClass } from "../../components/button.tsx";
import { Select } from "../../components/field.tsx";
import { Pager } from "../../components/pager.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { Segments } from "../../components/segments.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listWebhookDeliveriesOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { WebhookDeliverySummary, WebhookEndpoint } from "../../generated/types.gen.ts";
import "./deliveries.css";
import { DeliveryDrawer } from "./delivery-drawer.tsx";
import { type EventType, eventTypes } from "./event-types.ts";
import { deliveryStates } from "./webhook-search.ts";
import { deliveryTitles, deliveryTones } from "./webhook-state.ts";

const route = getRouteApi("/projects/$projectId/webhooks/$endpointId");
const pageSize = 50;
const busyMs = 1500;
const idleMs = 8000;

export const Deliveries = ({ endpoint }: { endpoint: WebhookEndpoint }) => {
  const { state, type, cursor, delivery } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/webhooks/$endpointId" });
  const query = useQuery({
    ...listWebhookDeliveriesOptions({
      path: { id: endpoint.id },
      query: { limit: pageSize, ...(state && { state }), ...(type && { type }), ...(cursor && { cursor }) },
    }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => (data?.data.some((row) => row.state === "waiting") ? busyMs : idleMs),
  });
  return (
    <section className="stack" aria-labelledby="deliveries">
      <div className="toolbar">
        <h2 id="deliveries">Deliveries</h2>
        <span className="toolbar toolbar-end">
          <TypeFilter />
          <StateFilter />
        </span>
      </div>
      <QueryView
        query={query}
        label="deliveries"
        isEmpty={({ data }) => data.length === 0}
        empty={state === undefined && type === undefined && cursor === undefined ? <NeverAny /> : <FilteredAway />}
      >
        {({ data, nextCursor }) => (
          <>
            <div className="deliveries-table">
              <Table label="Deliveries" columns={columns} rows={data} rowKey={({ id }) => id} selectedKey={delivery ?? null} isFixed />
            </div>
            <Pager
              cursor={cursor}
              nextCursor={nextCursor}
              shown={data.length === 1 ? "1 delivery" : `${data.length} deliveries on this page`}
            />
          </>
        )}
      </QueryView>
      {delivery === undefined ? null : (
        <DeliveryDrawer
          key={delivery}
          endpoint={endpoint}
          id={delivery}
          onClose={() => void navigate({ search: ({ delivery: _, ...search }) => search, resetScroll: false })}
        />
      )}
    </section>
  );
};

const StateFilter = () => {
  const { state, type } = route.useSearch();
  const same: Record<string, string> = type === undefined ? {} : { type };
  return (
    <Segments
      label="State of deliveries"
      segments={[
        { id: "all", title: "All", search: same, isChosen: state === undefined },
        ...deliveryStates.map((each) => ({
          ...{ id: each, title: deliveryTitles[each], search: { ...same, state: each }, isChosen: each === state },
        })),
      ]}
    />
  );
};

const TypeFilter = () => {
  const { type, state } = route.useSearch();
  const navigate = useNavigate({ from: "/projects/$projectId/webhooks/$endpointId" });
  return (
    <Select
      aria-label="Event"
      value={type ?? ""}
      options={[{ value: "" as EventType | "", title: "All events" }, ...eventTypes.map((value) => ({ value, title: value }))]}
      onChange={(value) => void navigate({ search: { ...(state && { state }), ...(value && { type: value }) } })}
    />
  );
};

const columns: Column<WebhookDeliverySummary>[] = [
  { id: "type", title: "Event", className: "type-column", cell: (row) => <EventLink {...row} /> },
  {
    id: "state",
    title: "State",
    className: "state-column",
    cell: ({ state }) => <Badge tone={deliveryTones[state]}>{deliveryTitles[state]}</Badge>,
  },
  {
    id: "answer",
    title: "Answer",
    cell: ({ responseStatus, error }) =>
      responseStatus === null && error === null ? (
        <span className="muted">–</span>
      ) : (
        <span className="truncate" title={error?.message}>
          {responseStatus === null ? null : <span className="numeric">{responseStatus} </span>}
          {error === null ? null : <span className="muted">{error.message}</span>}
        </span>
      ),
  },
  { id: "attempts", title: "Attempts", align: "end", className: "attempts-column", cell: ({ attempts }) => attempts },
  {
    id: "next",
    title: "Next attempt",
    className: "next-column",
    cell: ({ nextAttemptAt, state }) =>
      nextAttemptAt === null ? (
        <span className="muted">{state === "waiting" ? "Now, or in turn" : "–"}</span>
      ) : (
        <Time at={nextAttemptAt} form="relative" />
      ),
  },
  { id: "created", title: "Happened", className: "time-column", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

const EventLink = ({ id, type, isTest }: WebhookDeliverySummary) => (
  <span className="event-link">
    <Link
      to="."
      search={(search: Record<string, unknown>) => ({ ...search, delivery: id })}
      resetScroll={false}
      className="mono"
      data-row-focus=""
    >
      {type}
    </Link>
    {isTest ? <Badge isPlain>Test</Badge> : null}
  </span>
);

const NeverAny = () => (
  <Empty icon="webhook" title="Nothing was sent yet">
    <p>
      The next event of a wanted type is listed here. Send a test to try the receiver. Deliveries are kept for 30 days after they ended.
    </p>
  </Empty>
);

const FilteredAway = () => (
  <Empty
    title="No delivery here"
    actions={
      <Link to="." search={{}} className={buttonClass()}>
        Show all deliveries
      </Link>
    }
  >
    <p>Others may be in another state, of another type, or on an earlier page.</p>
  </Empty>
);
