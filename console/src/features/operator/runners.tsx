/** Runners that hold jobs, or ended some lately. */
import { Badge } from "../../components/badge.tsx";
import { countText } from "../../components/quantity.ts";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Queue } from "../../generated/types.gen.ts";
import { isSilent } from "./job-words.ts";

type Runner = Queue["runners"][number];

export const Runners = ({ runners }: { runners: readonly Runner[] }) =>
  runners.length === 0 ? (
    <p className="muted">No runner holds a job or has ended one in the last 15 minutes. An idle runner leaves no trace here.</p>
  ) : (
    <Table label="Runners" columns={columns} rows={runners} rowKey={({ name }) => name} />
  );

const columns: Column<Runner>[] = [
  { id: "name", title: "Runner", cell: ({ name }) => <span className="mono">{name}</span> },
  { id: "running", title: "Jobs", align: "end", cell: ({ running }) => countText(running) },
  {
    id: "kinds",
    title: "Of the kinds",
    cell: ({ kinds }) => (kinds.length === 0 ? <span className="muted">–</span> : <span className="mono">{kinds.join(", ")}</span>),
  },
  {
    id: "seen",
    title: "Last sign of life",
    cell: (runner) => (
      <>
        <Time at={runner.lastSeenAt} form="relative" /> {isSilent(runner, Date.now()) ? <Badge tone="danger">Silent</Badge> : null}
      </>
    ),
  },
];
