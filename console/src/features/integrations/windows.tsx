/** All windows of an integration as a strip, and their runs below: all, or those of the chosen cell. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Button } from "../../components/button.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Empty } from "../../components/states.tsx";
import { getIntegrationCoverageOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Integration, IntegrationCoverageCell } from "../../generated/types.gen.ts";
import { rangeText } from "./coverage-cells.ts";
import { CoverageLegend, CoverageStrip } from "./coverage-strip.tsx";
import { isBusy } from "./integration-state.ts";
import { Runs } from "./runs.tsx";

const route = getRouteApi("/projects/$projectId/integrations/$integrationId");
const cellsMax = 160;
const busyMs = 1500;
const idleMs = 15_000;

export const Windows = ({ integration: one }: { integration: Integration }) => {
  const navigate = useNavigate({ from: "/projects/$projectId/integrations/$integrationId" });
  const { from, to, state } = route.useSearch();
  const query = useQuery({
    ...getIntegrationCoverageOptions({ path: { id: one.id }, query: { cells: cellsMax } }),
    placeholderData: keepPreviousData,
    refetchInterval: isBusy(one) ? busyMs : idleMs,
  });
  const choose = (cell: IntegrationCoverageCell) =>
    void navigate({ search: cell.from === from ? {} : { from: cell.from, to: cell.to }, replace: true, resetScroll: false });
  return (
    <QueryView
      query={query}
      label="the windows"
      loadingRows={2}
      isEmpty={({ cells }) => cells.length === 0}
      empty={<NoWindow isEnabled={one.enabled} />}
    >
      {({ cells }) => (
        <>
          <section className="stack" aria-label="Coverage">
            <CoverageStrip cells={cells} chosen={from} onChoose={choose} />
            <div className="toolbar">
              <CoverageLegend cells={cells} />
              <span className="toolbar-end muted">{countOf(cells)}</span>
            </div>
          </section>
          {from === undefined || to === undefined ? null : (
            <div className="toolbar">
              <span>
                Windows of <strong className="numeric">{rangeText(from, to)}</strong>
              </span>
              <Button
                size="small"
                icon="close"
                onClick={() => void navigate({ search: state === undefined ? {} : { state }, replace: true, resetScroll: false })}
              >
                Show all
              </Button>
            </div>
          )}
          <Runs integration={one} />
        </>
      )}
    </QueryView>
  );
};

const countOf = (cells: readonly IntegrationCoverageCell[]): string => {
  const windows = cells.reduce((sum, cell) => sum + cell.windows, 0);
  const each = Math.max(...cells.map((cell) => cell.windows));
  const all = windows === 1 ? "1 window" : `${countText(windows)} windows`;
  return each === 1 ? all : `${all}, ${countText(each)} in each cell`;
};

const NoWindow = ({ isEnabled }: { isEnabled: boolean }) => (
  <Empty icon="clock" title="No window yet">
    <p>
      {isEnabled
        ? "The first window is delivered once something was written and its end has passed. Run now delivers what is complete so far."
        : "Nothing is delivered while it is paused. Test it, then resume it."}
    </p>
  </Empty>
);
