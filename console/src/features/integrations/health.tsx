/** How the windows of the last 24 hours went: a small strip, and the same in words. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { classNames } from "../../components/class-names.ts";
import { countText } from "../../components/quantity.ts";
import { getIntegrationCoverageOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { IntegrationCoverageCell } from "../../generated/types.gen.ts";
import { toneOf } from "./coverage-cells.ts";

const dayMs = 24 * 3_600_000;
/** The range moves on in steps, so that one answer is asked for once. */
const stepMs = 10 * 60_000;
const cellsMax = 24;

export const Health = ({ id }: { id: string }) => {
  const from = new Date(Math.floor((Date.now() - dayMs) / stepMs) * stepMs).toISOString();
  const { data, error } = useQuery({
    ...getIntegrationCoverageOptions({ path: { id }, query: { from, cells: cellsMax } }),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  if (error !== null) return <span className="muted">Unknown</span>;
  if (data === undefined) return <span className="health" />;
  const { cells } = data;
  if (cells.length === 0) return <span className="muted">No window</span>;
  return (
    <div className="health">
      <div className="health-cells" aria-hidden="true">
        {cells.map((cell) => (
          <span
            key={cell.from}
            className={classNames("coverage-cell", `coverage-${toneOf(cell)}`, cell.rejected > 0 && "coverage-refused")}
          />
        ))}
      </div>
      <span className="health-text numeric">{healthText(cells)}</span>
    </div>
  );
};

export const healthText = (cells: readonly IntegrationCoverageCell[]): string => {
  const sum = (name: "windows" | "completed" | "failed" | "rejected") => cells.reduce((total, cell) => total + cell[name], 0);
  const [windows, failed, rejected] = [sum("windows"), sum("failed"), sum("rejected")];
  return [
    `${countText(sum("completed"))} of ${countText(windows)} delivered`,
    ...(failed === 0 ? [] : [`${countText(failed)} failed`]),
    ...(rejected === 0 ? [] : [`${countText(rejected)} rows refused`]),
  ].join(", ");
};
