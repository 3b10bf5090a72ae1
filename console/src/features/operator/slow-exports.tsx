/** Exports of all projects that have run longest. */

import { Progress } from "../../components/progress.tsx";
import { countText, durationText } from "../../components/quantity.ts";
import { SafeText } from "../../components/safe-text.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Queue } from "../../generated/types.gen.ts";

type SlowExport = Queue["longestRunningExports"][number];

export const SlowExports = ({ exports }: { exports: readonly SlowExport[] }) =>
  exports.length === 0 ? (
    <p className="muted">No export runs.</p>
  ) : (
    <Table label="Longest running exports" columns={columns} rows={exports} rowKey={({ id }) => id} />
  );

const columns: Column<SlowExport>[] = [
  {
    id: "name",
    title: "Export",
    className: "dead-letter",
    cell: ({ id, name }) => (
      <>
        <span className="truncate">
          <SafeText text={name} isLine />
        </span>
        <span className="truncate muted mono">{id}</span>
      </>
    ),
  },
  { id: "project", title: "Project", cell: ({ projectId }) => <span className="mono">{projectId}</span> },
  { id: "since", title: "Runs for", align: "end", cell: ({ runningSeconds }) => durationText(runningSeconds) },
  { id: "attempt", title: "Attempt", align: "end", cell: ({ attempt }) => attempt },
  {
    id: "progress",
    title: "Progress",
    cell: ({ name, rows, rowsTotal, stage }) => (
      <>
        <span className="numeric">
          {countText(rows)}
          {rowsTotal === null ? ` rows${stage === null ? "" : `, ${stage}`}` : ` of ${countText(rowsTotal)} rows`}
        </span>
        <Progress percent={rowsTotal ? Math.min(100, (rows / rowsTotal) * 100) : null} label={`Progress of ${name}`} />
      </>
    ),
  },
  {
    id: "heartbeat",
    title: "Heartbeat",
    cell: ({ lastHeartbeatAt }) =>
      lastHeartbeatAt === null ? <span className="muted">–</span> : <Time at={lastHeartbeatAt} form="relative" />,
  },
];
