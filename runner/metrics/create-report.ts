/** Reports failures of observation (metrics, traces, the runner's pages) without flooding the log. */
import type { Clock, Log } from "../deps.ts";

export type Report = (event: string, error: unknown) => void;

const reportEveryMs = 60_000;

/** Logs at most one line a minute per event, with the number of failures it stands for. */
export const createReport = ({ clock, log }: { clock: Clock; log: Log }): Report => {
  const told = new Map<string, { atMs: number; unsaid: number }>();
  return (event, error) => {
    const last = told.get(event);
    if (last !== undefined && clock.steadyMs() - last.atMs < reportEveryMs) {
      last.unsaid++;
      return;
    }
    log("warn", event, { detail: String(error), failures_before: last?.unsaid ?? 0 });
    told.set(event, { atMs: clock.steadyMs(), unsaid: 0 });
  };
};
