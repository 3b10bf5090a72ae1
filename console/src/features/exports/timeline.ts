/** Steps of an export, from what the API says of it. */
import { countText, durationText } from "../../components/quantity.ts";
import type { BatchExport } from "../../generated/types.gen.ts";

type Step = {
  id: string;
  title: string;
  detail: string | null;
  at: string | null;
  tone: "neutral" | "success" | "danger" | "warning" | "info" | "future";
};

type Facts = Pick<
  BatchExport,
  "status" | "createdAt" | "startedAt" | "finishedAt" | "expiresAt" | "isExpired" | "cancelRequestedAt" | "progress" | "error"
>;

export const timelineOf = (one: Facts): Step[] =>
  [
    { id: "created", title: "Created", detail: null, at: one.createdAt, tone: "neutral" as const },
    started(one),
    failedAttempt(one),
    one.cancelRequestedAt === null
      ? undefined
      : { id: "cancel", title: "Cancellation requested", detail: null, at: one.cancelRequestedAt, tone: "warning" as const },
    present(one),
    ended(one),
    expiry(one),
  ].filter((step) => step !== undefined);

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

const attemptText = ({ attempt, attemptsMax }: Facts["progress"]): string =>
  attemptsMax === 0 ? `Attempt ${attempt}` : `Attempt ${attempt} of ${attemptsMax}`;

const started = ({ startedAt, createdAt }: Facts): Step | undefined =>
  startedAt === null
    ? undefined
    : {
        id: "started",
        title: "Started",
        detail: `after ${durationText(secondsBetween(createdAt, startedAt))} in the queue`,
        at: startedAt,
        tone: "neutral",
      };

/** The API keeps the failure of the last attempt. That of an export that has failed for good is its end. */
const failedAttempt = ({ error, status }: Facts): Step | undefined =>
  error === null || status === "FAILED"
    ? undefined
    : {
        id: "attempt",
        title: `Attempt ${error.attempt} failed`,
        detail: `${error.message} ${error.help}`.trim(),
        at: null,
        tone: "warning",
      };

const present = ({ status, progress }: Facts): Step | undefined => {
  if (status === "PROCESSING")
    return { id: "now", title: `${attemptText(progress)} is running`, detail: null, at: progress.lastHeartbeatAt, tone: "info" };
  if (status !== "QUEUED") return undefined;
  return progress.nextAttemptAt === null
    ? { id: "now", title: "Waits for a runner", detail: null, at: null, tone: "future" }
    : {
        id: "now",
        title: `${attemptText({ ...progress, attempt: progress.attempt + 1 })} begins`,
        detail: null,
        at: progress.nextAttemptAt,
        tone: "future",
      };
};

const ended = ({ status, finishedAt, startedAt, createdAt, progress, error }: Facts): Step | undefined => {
  if (finishedAt === null) return undefined;
  const took = `in ${durationText(secondsBetween(startedAt ?? createdAt, finishedAt))}`;
  const step = { id: "ended", at: finishedAt };
  if (status === "COMPLETED")
    return {
      ...step,
      title: "Completed",
      detail: `${countText(progress.rows)} rows ${took}, in ${attemptText(progress).toLowerCase()}`,
      tone: "success",
    };
  if (status === "CANCELLED") return { ...step, title: "Cancelled", detail: null, tone: "neutral" };
  return { ...step, title: `Failed in ${attemptText(progress).toLowerCase()}`, detail: error?.code ?? null, tone: "danger" };
};

const expiry = ({ expiresAt, isExpired }: Facts): Step | undefined =>
  expiresAt === null
    ? undefined
    : {
        id: "expiry",
        title: isExpired ? "Expired" : "Expires",
        detail: isExpired ? "Its files are deleted. Run it again for new ones." : "Its files are deleted within an hour after that.",
        at: expiresAt,
        tone: isExpired ? "neutral" : "future",
      };
