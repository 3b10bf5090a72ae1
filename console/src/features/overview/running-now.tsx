/** Exports that run or wait, with how far they are. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProject } from "../../app/use-project.ts";
import { QueryView } from "../../components/query-view.tsx";
import { listBatchExportsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import { ExportProgress } from "../exports/export-progress.tsx";
import { usePaces } from "../exports/use-paces.ts";
import { Panel } from "./panel.tsx";

const shownMax = 5;
const followMs = 2000;
const idleMs = 15_000;

export const RunningNow = () => {
  const { id: projectId } = useProject();
  const follow = {
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }: { state: { data?: { data: unknown[] } | undefined } }) => (state.data?.data.length ? followMs : idleMs),
  };
  const running = useQuery({ ...listBatchExportsOptions({ query: { status: "PROCESSING", limit: shownMax } }), ...follow });
  const queued = useQuery({ ...listBatchExportsOptions({ query: { status: "QUEUED", limit: shownMax } }), ...follow });
  const rows = [...(running.data?.data ?? []), ...(queued.data?.data ?? [])].slice(0, shownMax);
  const paces = usePaces(rows, running.dataUpdatedAt);
  return (
    <Panel
      title="Running now"
      isFlush
      beside={
        <Link to="/projects/$projectId/exports" params={{ projectId }}>
          All exports
        </Link>
      }
    >
      <QueryView
        query={running}
        label="running exports"
        loadingRows={2}
        isEmpty={() => rows.length === 0}
        empty={<p className="panel-body muted">No export runs or waits.</p>}
      >
        {() => (
          <ul className="running">
            {rows.map((row) => (
              <li key={row.id}>
                <Link
                  className="truncate"
                  to="/projects/$projectId/exports/$exportId"
                  params={{ projectId, exportId: row.id }}
                  title={row.name}
                >
                  {row.name}
                </Link>
                <ExportProgress followed={row} pace={paces.get(row.id)} />
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
};
