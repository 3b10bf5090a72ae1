/** Describes the queue to operators: what waits and runs, who works, and what takes long. */
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type JobState, jobState } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { countDeadLetters } from "../../db/queue/count-dead-letters.ts";
import { countedJobsMax, countJobs } from "../../db/queue/count-jobs.ts";
import { listRunners } from "../../db/queue/list-runners.ts";
import { measureQueue } from "../../db/queue/measure-queue.ts";
import { listLongestRunning } from "../exports/list-longest-running.ts";

export type QueueDescription = {
  kinds: {
    kind: JobKind;
    /** Unfinished jobs by state; a state without any is missing. */
    states: Partial<Record<JobState, number>>;
    /** Since when the longest waiting job could have been claimed; 0 if none is due. */
    oldestDueSeconds: number;
  }[];
  /** False if more jobs wait than are counted. */
  isComplete: boolean;
  deadLetters: number;
  runners: Awaited<ReturnType<typeof listRunners>>;
  longestRunningExports: Awaited<ReturnType<typeof listLongestRunning>>;
};

const runners = { endedMinutes: 15, rowsMax: 100 };
const exportsMax = 20;

export const describeQueue = async (db: Database): Promise<QueueDescription> => {
  const [waiting, counts, deadLetters, found, longestRunningExports] = await Promise.all([
    measureQueue(db),
    countJobs(db),
    countDeadLetters(db),
    listRunners(db, runners),
    listLongestRunning(db, exportsMax),
  ]);
  return {
    kinds: waiting
      .map(({ kind, oldestSeconds }) => ({
        kind,
        states: Object.fromEntries(counts.filter((count) => count.kind === kind).map(({ state, jobs }) => [state, jobs])),
        oldestDueSeconds: Math.max(0, oldestSeconds),
      }))
      .toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    isComplete: counts.reduce((sum, { state, jobs }) => sum + (state === jobState.running ? 0 : jobs), 0) < countedJobsMax,
    deadLetters,
    runners: found,
    longestRunningExports,
  };
};
