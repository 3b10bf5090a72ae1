/** State of the installation, for its operators: the queue of all projects, runners, slow exports, and jobs that were given up. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Badge } from "../../components/badge.tsx";
import { Page } from "../../components/page.tsx";
import { countOf, countText, durationText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Notice } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { adminGetQueueOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Queue } from "../../generated/types.gen.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { isIdle, isLate, waitingOf } from "./job-words.ts";
import "./operator-page.css";
import { Runners } from "./runners.tsx";
import { SlowExports } from "./slow-exports.tsx";

const followMs = 5000;

export const OperatorPage = () => {
  const query = useQuery({ ...adminGetQueueOptions(), placeholderData: keepPreviousData, refetchInterval: followMs });
  return (
    <Page title="Operator" beside={<span className="muted">the whole installation</span>}>
      <QueryView query={query} label="the queue">
        {(queue) => (
          <>
            <Figures queue={queue} />
            {queue.isComplete ? null : <Notice tone="warning">More jobs wait than are counted here: at least as many as shown.</Notice>}
            <h2>Queue</h2>
            <Kinds queue={queue} />
            <h2>Runners</h2>
            <Runners runners={queue.runners} />
            <h2>Longest running exports</h2>
            <SlowExports exports={queue.longestRunningExports} />
          </>
        )}
      </QueryView>
      <h2>Dead letters</h2>
      <DeadLetters />
    </Page>
  );
};

const Figures = ({ queue: { kinds, deadLetters, runners } }: { queue: Queue }) => {
  const oldest = Math.max(0, ...kinds.map(({ oldestDueSeconds }) => oldestDueSeconds));
  const isAnyLate = kinds.some(isLate);
  return (
    <dl className="figures">
      <Figure title="Waiting" value={countText(kinds.reduce((sum, kind) => sum + waitingOf(kind), 0))} />
      <Figure title="Running" value={countText(kinds.reduce((sum, { states }) => sum + (states.running ?? 0), 0))} />
      <Figure title="Oldest wait" value={oldest === 0 ? "–" : durationText(oldest)} tone={isAnyLate ? "warning" : undefined} />
      <Figure title="Runners seen" value={countText(runners.length)} tone={isAnyLate && runners.length === 0 ? "danger" : undefined} />
      <Figure title="Dead letters" value={countText(deadLetters)} tone={deadLetters > 0 ? "danger" : undefined} />
    </dl>
  );
};

const Figure = ({ title, value, tone }: { title: string; value: string; tone?: "warning" | "danger" | undefined }) => (
  <div className="panel figure">
    <dt className="muted">{title}</dt>
    <dd className={tone === undefined ? "numeric" : `numeric figure-${tone}`}>{value}</dd>
  </div>
);

const Kinds = ({ queue: { kinds } }: { queue: Queue }) => {
  const busy = kinds.filter((kind) => !isIdle(kind));
  const idle = kinds.length - busy.length;
  return (
    <>
      {busy.length === 0 ? (
        <p className="muted">No job waits or runs.</p>
      ) : (
        <Table label="Queue" columns={columns} rows={busy} rowKey={({ kind }) => kind} />
      )}
      {busy.length === 0 || idle === 0 ? null : <p className="muted">{countOf(idle, "kind")} of jobs without any.</p>}
    </>
  );
};

const count = (jobs: number | undefined) => (jobs ? countText(jobs) : <span className="muted">0</span>);

const columns: Column<Queue["kinds"][number]>[] = [
  { id: "kind", title: "Kind", cell: ({ kind }) => <span className="mono">{kind}</span> },
  { id: "available", title: "Due", align: "end", cell: ({ states }) => count(states.available) },
  { id: "scheduled", title: "Later", align: "end", cell: ({ states }) => count(states.scheduled) },
  { id: "retryable", title: "To retry", align: "end", cell: ({ states }) => count(states.retryable) },
  { id: "running", title: "Running", align: "end", cell: ({ states }) => count(states.running) },
  {
    id: "oldest",
    title: "Oldest wait",
    align: "end",
    cell: (kind) =>
      kind.oldestDueSeconds === 0 ? (
        <span className="muted">–</span>
      ) : isLate(kind) ? (
        <Badge tone="warning">{durationText(kind.oldestDueSeconds)}</Badge>
      ) : (
        durationText(kind.oldestDueSeconds)
      ),
  },
];
