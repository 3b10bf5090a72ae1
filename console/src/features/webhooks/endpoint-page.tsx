/** One endpoint: how it is, its keys, and its deliveries beside the one that is open. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Badge } from "../../components/badge.tsx";
import { CopyText } from "../../components/code-block.tsx";
import { Facts } from "../../components/facts.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { getWebhookEndpointOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { Deliveries } from "./deliveries.tsx";
import { EndpointActions } from "./endpoint-actions.tsx";
import { endpointStateOf } from "./webhook-state.ts";

const route = getRouteApi("/projects/$projectId/webhooks/$endpointId");
const refetchMs = 5000;

export const EndpointPage = () => {
  const { endpointId, projectId } = route.useParams();
  const query = useQuery({ ...getWebhookEndpointOptions({ path: { id: endpointId } }), refetchInterval: refetchMs });
  const { data } = query;
  const state = data === undefined ? undefined : endpointStateOf(data);
  return (
    <Page
      title={data?.name ?? "Webhook endpoint"}
      trail={
        <Link to="/projects/$projectId/webhooks" params={{ projectId }} className="trail" title="All endpoints">
          <Icon name="chevronLeft" size={14} />
          Webhooks
        </Link>
      }
      beside={state === undefined ? null : <Badge tone={state.tone}>{state.title}</Badge>}
      actions={data === undefined ? null : <EndpointActions endpoint={data} />}
    >
      <QueryView query={query} label="the endpoint" loadingRows={4}>
        {(endpoint) => (
          <>
            <Overview {...endpoint} />
            <Deliveries endpoint={endpoint} />
          </>
        )}
      </QueryView>
    </Page>
  );
};

const Overview = (endpoint: WebhookEndpoint) => {
  const { url, description, eventTypes, signing, publicKey, previousPublicKey, previousSecretUntil, fault, failures, failingSince } =
    endpoint;
  return (
    <section className="panel" aria-label="Endpoint">
      <div className="panel-body stack">
        {fault === null ? null : (
          <Notice tone={endpoint.enabled ? "warning" : "danger"}>
            <strong>{fault.message}</strong> <span className="mono muted">{fault.code}</span> {fault.help}
            {failingSince === null ? null : (
              <>
                {" "}
                {countText(failures)} {failures === 1 ? "attempt has" : "attempts have"} failed since <Time at={failingSince} />.
              </>
            )}
          </Notice>
        )}
        <Facts
          facts={[
            ["Address", <CopyText key="url" text={url} label="address" />],
            ["Description", description],
            [
              "Events",
              eventTypes === null ? (
                "All"
              ) : (
                <span key="types" className="mono">
                  {eventTypes.join(", ")}
                </span>
              ),
            ],
            [
              "Signed by",
              <span key="signing" className="mono">
                {signing}
              </span>,
            ],
            ["Public key", publicKey === null ? null : <CopyText key="key" text={publicKey} label="public key" />],
            [
              "Former public key",
              previousPublicKey === null ? null : <CopyText key="former" text={previousPublicKey} label="former public key" />,
            ],
            [
              "Secret overlap",
              previousSecretUntil === null ? null : (
                <span key="overlap">
                  Both secrets sign until <Time at={previousSecretUntil} form="full" />
                </span>
              ),
            ],
          ]}
        />
      </div>
    </section>
  );
};
