/** First page of a project: what runs, what needs attention, and the last days; for a new project the first steps. */
import { useQuery } from "@tanstack/react-query";
import { useCan, useProject } from "../../app/use-project.ts";
import { Page } from "../../components/page.tsx";
import { listBatchExportsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import { Attention } from "./attention.tsx";
import { FirstSteps } from "./first-steps.tsx";
import "./overview-page.css";
import { RunningNow } from "./running-now.tsx";
import { DeliveryHealth, ExportThroughput } from "./statistics.tsx";

export const OverviewPage = () => {
  const can = useCan();
  const { name } = useProject();
  const exports = useQuery({ ...listBatchExportsOptions({ query: { limit: 1 } }), enabled: can("batchExports:read") });
  const isNew = !can("batchExports:read") || exports.data?.data.length === 0;
  return (
    <Page title="Overview" beside={<span className="muted truncate">{name}</span>}>
      {isNew ? <FirstSteps hasExports={false} /> : null}
      <div className="overview">
        <div className="stack">
          {can("batchExports:read") ? <RunningNow /> : null}
          {can("batchExports:read") ? <ExportThroughput /> : null}
          {can("webhooks:CRUD") ? <DeliveryHealth /> : null}
        </div>
        <Attention />
      </div>
    </Page>
  );
};
