/** One integration: how it is, all of its windows, what was refused, its settings, and who changed it. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { getIntegrationOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Integration } from "../../generated/types.gen.ts";
import { ObjectAudit } from "../audit/object-audit.tsx";
import { IntegrationActions } from "./integration-actions.tsx";
import type { IntegrationTab } from "./integration-search.ts";
import { IntegrationSettings } from "./integration-settings.tsx";
import { isBusy, stateOf } from "./integration-state.ts";
import { IntegrationStatus } from "./integration-status.tsx";
import { RefusedRows } from "./refused-rows.tsx";
import { Windows } from "./windows.tsx";

const route = getRouteApi("/projects/$projectId/integrations/$integrationId");
const busyMs = 1500;
const idleMs = 15_000;

export const IntegrationPage = () => {
  const { integrationId, projectId } = route.useParams();
  const query = useQuery({
    ...getIntegrationOptions({ path: { id: integrationId } }),
    refetchInterval: ({ state }) => (state.data !== undefined && isBusy(state.data) ? busyMs : idleMs),
  });
  const { data } = query;
  const state = data === undefined ? undefined : stateOf(data);
  return (
    <Page
      title={data?.name ?? "Integration"}
      trail={
        <Link to="/projects/$projectId/integrations" params={{ projectId }} className="trail" title="All integrations">
          <Icon name="chevronLeft" size={14} />
          Integrations
        </Link>
      }
      beside={state === undefined ? null : <Badge tone={state.tone}>{state.title}</Badge>}
      actions={data === undefined ? null : <IntegrationActions integration={data} />}
    >
      <QueryView query={query} label="the integration" loadingRows={5}>
        {(one) => (
          <>
            <IntegrationStatus integration={one} />
            <Parts {...one} />
          </>
        )}
      </QueryView>
    </Page>
  );
};

const Parts = (one: Integration) => {
  const can = useCan();
  const navigate = useNavigate({ from: "/projects/$projectId/integrations/$integrationId" });
  const { tab = "windows" } = route.useSearch();
  const { openRejections } = one.status;
  const sendsEvents = one.kind !== "blob_storage";
  const tabs = [
    { id: "windows", title: "Windows", isShown: true },
    { id: "refused", title: openRejections === 0 ? "Refused rows" : `Refused rows (${countText(openRejections)})`, isShown: sendsEvents },
    { id: "settings", title: "Settings", isShown: true },
    { id: "audit", title: "Audit", isShown: can("auditLogs:read") },
  ] as const satisfies readonly { id: IntegrationTab; title: string; isShown: boolean }[];
  const shown = tabs.filter(({ isShown }) => isShown);
  const selected = shown.some(({ id }) => id === tab) ? tab : "windows";
  const panels: Record<IntegrationTab, () => React.ReactNode> = {
    windows: () => <Windows integration={one} />,
    refused: () => <RefusedRows integrationId={one.id} open={openRejections} />,
    settings: () => <IntegrationSettings integration={one} />,
    audit: () => <ObjectAudit resourceType="integration" resourceId={one.id} />,
  };
  return (
    <Tabs
      label="Parts of the integration"
      tabs={shown}
      selected={selected}
      onSelect={(id) => void navigate({ search: id === "windows" ? {} : { tab: id }, replace: true })}
    >
      {panels[selected]()}
    </Tabs>
  );
};
