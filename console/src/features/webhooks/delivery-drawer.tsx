/** One delivery: what was sent, and each attempt with the headers and body of its answer. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { failedMs } from "../../app/query-client.ts";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { CodeBlock, CopyText } from "../../components/code-block.tsx";
import { Drawer } from "../../components/drawer.tsx";
import { Facts } from "../../components/facts.tsx";
import { countText, durationText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { getWebhookDeliveryOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { WebhookAttempt, WebhookDelivery, WebhookEndpoint } from "../../generated/types.gen.ts";
import { prettyJson } from "./pretty-json.ts";
import { useEndpointActions } from "./use-endpoint-actions.ts";
import { deliveryTitles, deliveryTones } from "./webhook-state.ts";

const busyMs = 1000;

type DrawerProps = { endpoint: WebhookEndpoint; id: string; onClose: () => void };

export const DeliveryDrawer = ({ endpoint, id, onClose }: DrawerProps) => {
  const query = useQuery({
    ...getWebhookDeliveryOptions({ path: { id: endpoint.id, deliveryId: id } }),
    refetchInterval: ({ state: { data, error } }) =>
      error !== null ? failedMs : data === undefined || data.state === "waiting" ? busyMs : false,
  });
  const { data } = query;
  return (
    <Drawer
      title={data?.type ?? "Delivery"}
      onClose={onClose}
      actions={data === undefined ? null : <Redeliver delivery={data} isEnabled={endpoint.enabled} />}
    >
      <QueryView query={query} label="the delivery" loadingRows={4}>
        {(delivery) => <Contents delivery={delivery} projectId={endpoint.projectId} />}
      </QueryView>
    </Drawer>
  );
};

/** A test is sent also while the endpoint is off. */
const Redeliver = ({ delivery: { id, endpointId, state, isTest }, isEnabled }: { delivery: WebhookDelivery; isEnabled: boolean }) => {
  const can = useCan();
  const { redeliver } = useEndpointActions();
  if (!can("webhooks:CRUD") || !(isEnabled || isTest)) return null;
  return (
    <Button icon="retry" isBusy={redeliver.isPending} onClick={() => redeliver.mutate({ path: { id: endpointId, deliveryId: id } })}>
      {state === "waiting" ? "Send now" : "Redeliver"}
    </Button>
  );
};

const Contents = ({ delivery, projectId }: { delivery: WebhookDelivery; projectId: string }) => {
  const { state, isTest, eventId, objectId, attempts, createdAt, nextAttemptAt, finishedAt, error, log, body } = delivery;
  return (
    <>
      <Facts
        facts={[
          [
            "State",
            <span key="state" className="toolbar">
              <Badge tone={deliveryTones[state]}>{deliveryTitles[state]}</Badge>
              {isTest ? <Badge isPlain>Test</Badge> : null}
            </span>,
          ],
          ["Happened", <Time key="created" at={createdAt} form="full" />],
          ["Ended", finishedAt === null ? null : <Time key="finished" at={finishedAt} form="full" />],
          ["Next attempt", nextAttemptAt === null ? null : <Time key="next" at={nextAttemptAt} form="relative" />],
          ["webhook-id", <CopyText key="id" text={eventId} label="webhook-id" />],
          ["About", isTest ? null : <ObjectLink key="object" objectId={objectId} projectId={projectId} />],
        ]}
      />
      {error === null ? null : (
        <Notice tone={state === "failed" ? "danger" : "warning"}>
          <strong>{error.message}</strong> <span className="mono muted">{error.code}</span> {error.help}
        </Notice>
      )}
      <div className="stack">
        <h3>Request body</h3>
        <CodeBlock label="request body" code={prettyJson(body)} />
      </div>
      <section className="attempts" aria-label="Attempts">
        <h3>{attempts === 1 ? "1 attempt" : `${countText(attempts)} attempts`}</h3>
        {log.length === 0 ? <p className="muted">None has begun.</p> : null}
        {log.toReversed().map((attempt, index) => (
          <Attempt key={attempt.startedAt} attempt={attempt} isNewest={index === 0} />
        ))}
      </section>
    </>
  );
};

const ObjectLink = ({ objectId, projectId }: { objectId: string; projectId: string }) =>
  objectId.startsWith("int_") ? (
    <Link to="/projects/$projectId/integrations/$integrationId" params={{ projectId, integrationId: objectId }} className="mono">
      {objectId}
    </Link>
  ) : (
    <Link to="/projects/$projectId/exports/$exportId" params={{ projectId, exportId: objectId }} className="mono">
      {objectId}
    </Link>
  );

const Attempt = ({ attempt, isNewest }: { attempt: WebhookAttempt; isNewest: boolean }) => {
  const { startedAt, durationMs, url, requestHeaders, responseStatus, responseHeaders, responseBody, error } = attempt;
  const hasPassed = responseStatus !== null && responseStatus >= 200 && responseStatus < 300;
  return (
    <details className="panel" open={isNewest || undefined}>
      <summary className="attempt-summary">
        <Badge tone={hasPassed ? "success" : "danger"}>{responseStatus ?? error?.code ?? "No answer"}</Badge>
        <Time at={startedAt} form="full" />
        <span className="toolbar-end numeric">{durationText(durationMs / 1000)}</span>
      </summary>
      <div className="attempt-body">
        {error === null ? null : (
          <p>
            <strong>{error.message}</strong> {error.help}
          </p>
        )}
        <h4>Request headers</h4>
        <Headers headers={{ "POST to": url, ...requestHeaders }} />
        {responseHeaders === null ? null : (
          <>
            <h4>Headers of the answer</h4>
            <Headers headers={responseHeaders} />
          </>
        )}
        {responseStatus === null ? null : (
          <>
            <h4>Body of the answer</h4>
            {responseBody ? <CodeBlock label="body of the answer" code={prettyJson(responseBody)} /> : <p className="muted">Empty.</p>}
          </>
        )}
      </div>
    </details>
  );
};

const Headers = ({ headers }: { headers: Readonly<Record<string, string>> }) => (
  <dl className="headers">
    {Object.entries(headers).map(([name, value]) => (
      <div key={name} className="header">
        <dt>{name}</dt>
        <dd>
          <SafeText text={value} isLine />
        </dd>
      </div>
    ))}
  </dl>
);
