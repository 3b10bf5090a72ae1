/** What needs attention in the project, each with the page where it is mended. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan, useProject } from "../../app/use-project.ts";
import { Icon } from "../../components/icon.tsx";
import { FailedNotice, Loading } from "../../components/states.tsx";
import {
  getLimitsOptions,
  listBatchExportsOptions,
  listIntegrationsOptions,
  listWebhookEndpointsOptions,
} from "../../generated/@tanstack/react-query.gen.ts";
import { endpointItems, exportItems, integrationItems, quotaItems, worstFirst } from "./attention-items.ts";
import { Panel } from "./panel.tsx";

const followMs = 30_000;
const limit = 100;
const failuresMax = 5;

export const Attention = () => {
  const can = useCan();
  const { id: projectId } = useProject();
  const follow = { refetchInterval: followMs };
  const integrations = useQuery({ ...listIntegrationsOptions({ query: { limit } }), ...follow, enabled: can("integrations:CRUD") });
  const endpoints = useQuery({ ...listWebhookEndpointsOptions({ query: { limit } }), ...follow, enabled: can("webhooks:CRUD") });
  const failed = useQuery({
    ...listBatchExportsOptions({ query: { status: "FAILED", limit: failuresMax } }),
    ...follow,
    enabled: can("batchExports:read"),
  });
  const limits = useQuery({ ...getLimitsOptions(), ...follow });
  const asked = [integrations, endpoints, failed, limits];
  const items = worstFirst([
    ...integrationItems(integrations.data?.data ?? []),
    ...endpointItems(endpoints.data?.data ?? []),
    ...quotaItems(limits.data?.quotas ?? []),
    ...exportItems(failed.data?.data ?? [], Date.now()),
  ]);
  const broken = asked.find(({ error }) => error !== null);
  return (
    <Panel title="Needs attention" isFlush>
      {broken === undefined ? null : <FailedNotice error={broken.error} retry={() => void broken.refetch()} />}
      {asked.some(({ isLoading }) => isLoading) ? (
        <Loading rows={2} label="Loading what needs attention" />
      ) : items.length > 0 ? (
        <ul className="attention">
          {items.map(({ key, tone, title, reason, path }) => (
            <li key={key} className={`attention-${tone}`}>
              <Icon name="warning" size={14} />
              <span className="attention-text">
                <Link to={`/projects/${projectId}/${path}` as never}>{title}</Link>
                <span className="muted">{reason}</span>
              </span>
            </li>
          ))}
        </ul>
      ) : broken === undefined ? (
        <p className="panel-body muted">Nothing. Exports, integrations, webhooks and quotas are as they should be.</p>
      ) : null}
    </Panel>
  );
};
