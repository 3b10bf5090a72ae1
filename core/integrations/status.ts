/** The state of an integration in one word and one sentence, from its row and its runs. */
import type { IntegrationFault } from "./run-result.ts";

export const syncStatuses = ["disabled", "error", "running", "queued", "idle", "up_to_date"] as const;
export type SyncStatus = (typeof syncStatuses)[number];

export type StatusFacts = {
  enabled: boolean;
  disabledCode: string | null;
  lastError: IntegrationFault | null;
  failures: number;
  /** Everything written before is delivered. */
  cursor: Date | null;
  nextRunAt: Date | null;
  lastRunAt: Date | null;
  endsAt: Date | null;
  overdueAt: Date | null;
  runs: { running: number; queued: number; pending: number; failed: number };
  /** Rows the sink refused and has not accepted since. */
  openRejections: number;
};

type Status = { syncStatus: SyncStatus; sentence: string; lagSeconds: number | null };

/**
 * Precedence of Langfuse's deriveSyncStatus (read 2026-11-28): disabled, error, running, queued, idle, up_to_date. An error stays until a
 * window is delivered.
 */
export const integrationStatus = (facts: StatusFacts, nowMs: number): Status => {
  const syncStatus = wordFor(facts, nowMs);
  const lagSeconds = facts.cursor === null ? null : Math.max(0, Math.floor((nowMs - facts.cursor.getTime()) / 1000));
  return { syncStatus, sentence: [sentenceFor(syncStatus, facts), ...remarks(facts)].join(" "), lagSeconds };
};

const wordFor = ({ enabled, lastError, runs, nextRunAt, lastRunAt }: StatusFacts, nowMs: number): SyncStatus => {
  if (!enabled) return "disabled";
  if (lastError !== null) return "error";
  if (runs.running > 0) return "running";
  if (runs.queued + runs.pending > 0 || (nextRunAt !== null && nextRunAt.getTime() <= nowMs)) return "queued";
  return lastRunAt === null ? "idle" : "up_to_date";
};

const instant = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
const delivered = (cursor: Date | null): string =>
  cursor === null ? "Nothing is delivered yet." : `Everything written before ${instant(cursor)} is delivered.`;
const next = (nextRunAt: Date | null): string =>
  nextRunAt === null ? "No further window is planned." : `Next look: ${instant(nextRunAt)}.`;

const sentenceFor = (status: SyncStatus, { disabledCode, lastError, failures, cursor, nextRunAt }: StatusFacts): string => {
  switch (status) {
    case "disabled":
      return disabledCode === null
        ? `Paused. ${delivered(cursor)}`
        : `Switched off after ${disabledCode}${lastError === null ? "" : `: ${withStop(lastError.message)}`} Correct the cause, then resume it; it goes on where it stopped.`;
    case "error":
      return `The last attempt failed${failures > 1 ? `, ${failures} in turn` : ""}: ${withStop(lastError?.message ?? "")} It is tried again. ${delivered(cursor)}`;
    case "running":
      return `A window is being delivered. ${delivered(cursor)}`;
    case "queued":
      return `A window waits for its turn. ${delivered(cursor)}`;
    case "idle":
      return `No window has been delivered yet. ${next(nextRunAt)}`;
    case "up_to_date":
      return `${delivered(cursor)} ${next(nextRunAt)}`;
    default:
      return status satisfies never;
  }
};

const withStop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const remarks = ({ overdueAt, runs, openRejections, endsAt, cursor }: StatusFacts): string[] => [
  ...(overdueAt === null ? [] : [`It is overdue since ${instant(overdueAt)}.`]),
  ...(runs.failed === 0 ? [] : [`${runs.failed} of its windows could not be delivered and are tried again.`]),
  ...(openRejections === 0 ? [] : [`${openRejections} rows were refused by the sink.`]),
  ...(endsAt !== null && cursor !== null && cursor >= endsAt ? ["It has reached its end date."] : []),
];
