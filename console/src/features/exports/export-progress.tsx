/** How far an export has got: rows, bytes, rate and time left, or what its file holds. */
import { Progress } from "../../components/progress.tsx";
import { bytesText, countText } from "../../components/quantity.ts";
import type { BatchExportSummary } from "../../generated/types.gen.ts";
import "./export-progress.css";
import { isActive } from "./export-state.ts";
import { leftText, type Pace, secondsLeft } from "./pace.ts";

type Followed = Pick<BatchExportSummary, "name" | "status" | "progress" | "error" | "isExpired">;

const stages: Record<BatchExportSummary["progress"]["stage"], string> = {
  queued: "Waiting for a runner",
  planning: "Counting rows",
  streaming: "Transferring",
  finishing: "Finishing",
  finished: "Finished",
};

export const ExportProgress = ({ followed, pace }: { followed: Followed; pace: Pace | undefined }) => (
  <div className="export-progress numeric">
    {isActive(followed) ? <Running followed={followed} pace={pace} /> : <Ended {...followed} />}
  </div>
);

const Running = ({ followed: { name, progress }, pace }: { followed: Followed; pace: Pace | undefined }) => {
  const { stage, percent, rows, rowsTotal, bytes } = progress;
  if (stage === "queued") return <span className="muted">{stages[stage]}</span>;
  const left = secondsLeft(pace, rowsTotal, Date.now());
  const rate = pace?.bytesPerSecond ?? null;
  return (
    <>
      <div className="export-progress-line">
        <span>
          {countText(rows)}
          {rowsTotal === null ? null : <span className="muted"> of {countText(rowsTotal)}</span>}
        </span>
        <span className="muted">{rowsTotal === null || left === null ? stages[stage] : leftText(left)}</span>
      </div>
      <Progress percent={percent} label={`Progress of ${name}`} />
      <div className="export-progress-line muted">
        <span>{bytesText(bytes)}</span>
        <span>{rate === null ? "" : `${bytesText(Math.round(rate))}/s`}</span>
      </div>
    </>
  );
};

const Ended = ({ status, progress, error }: Followed) => {
  if (status === "FAILED")
    return (
      <span className="truncate" title={error?.message}>
        {error?.message ?? ""}
      </span>
    );
  if (status === "CANCELLED") return <span className="muted">No file</span>;
  return (
    <span>
      {countText(progress.rows)} {progress.rows === 1 ? "row" : "rows"}
      <span className="muted" title={`${countText(progress.bytes)} bytes`}>
        {" "}
        · {bytesText(progress.bytes)}
      </span>
    </span>
  );
};
