/** One export: its progress, timeline, files, how to load them, and what was told about it to others. */
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCan } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { Page } from "../../components/page.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { Tabs } from "../../components/tabs.tsx";
import type { BatchExport } from "../../generated/types.gen.ts";
import { ObjectAudit } from "../audit/object-audit.tsx";
import { ExportActions } from "./export-actions.tsx";
import { ExportDeliveries } from "./export-deliveries.tsx";
import { ExportFiles } from "./export-files.tsx";
import { ExportLoad } from "./export-load.tsx";
import { ExportOverview } from "./export-overview.tsx";
import type { ExportTab } from "./export-search.ts";
import { stateOf } from "./export-state.ts";
import "./export-page.css";
import { useFollowedExport } from "./use-followed-export.ts";

const route = getRouteApi("/projects/$projectId/exports/$exportId");

export const ExportPage = () => {
  const { exportId, projectId } = route.useParams();
  const query = useFollowedExport(exportId);
  const { data } = query;
  const state = data === undefined ? undefined : stateOf(data);
  return (
    <Page
      title={data?.name ?? "Export"}
      trail={
        <Link to="/projects/$projectId/exports" params={{ projectId }} className="trail" title="All exports">
          <Icon name="chevronLeft" size={14} />
          Exports
        </Link>
      }
      beside={state === undefined ? null : <Badge tone={state.tone}>{state.title}</Badge>}
      actions={data === undefined ? null : <ExportActions export={data} />}
    >
      <QueryView query={query} label="the export" loadingRows={5}>
        {(one) => <Parts export={one} seenAtMs={query.dataUpdatedAt} />}
      </QueryView>
    </Page>
  );
};

const Parts = ({ export: one, seenAtMs }: { export: BatchExport; seenAtMs: number }) => {
  const can = useCan();
  const navigate = useNavigate({ from: "/projects/$projectId/exports/$exportId" });
  const { tab = "overview" } = route.useSearch();
  const hasFiles = one.status === "COMPLETED";
  const tabs = [
    { id: "overview", title: "Overview", isShown: true },
    { id: "files", title: "Files", isShown: hasFiles },
    { id: "load", title: "Load", isShown: hasFiles },
    { id: "deliveries", title: "Webhooks", isShown: can("webhooks:CRUD") },
    { id: "audit", title: "Audit", isShown: can("auditLogs:read") },
  ] as const satisfies readonly { id: ExportTab; title: string; isShown: boolean }[];
  const shown = tabs.filter(({ isShown }) => isShown);
  const selected = shown.some(({ id }) => id === tab) ? tab : "overview";
  const panels: Record<ExportTab, () => React.ReactNode> = {
    overview: () => <ExportOverview export={one} seenAtMs={seenAtMs} />,
    files: () => <ExportFiles export={one} />,
    load: () => <ExportLoad export={one} />,
    deliveries: () => <ExportDeliveries export={one} />,
    audit: () => <ObjectAudit resourceType="batchExport" resourceId={one.id} />,
  };
  return (
    <Tabs
      label="Parts of the export"
      tabs={shown}
      selected={selected}
      onSelect={(id) => void navigate({ search: id === "overview" ? {} : { tab: id }, replace: true })}
    >
      {panels[selected]()}
    </Tabs>
  );
};
