/** Jobs of the queue in words. */
import type { Queue } from "../../generated/types.gen.ts";

type Kind = Queue["kinds"][number];

/** Jobs that have not been claimed yet, or again. */
export const waitingOf = ({ states }: Pick<Kind, "states">): number =>
  (states.available ?? 0) + (states.scheduled ?? 0) + (states.retryable ?? 0);

export const isIdle = (kind: Pick<Kind, "states">): boolean => waitingOf(kind) === 0 && (kind.states.running ?? 0) === 0;

/** Waits that are worth a word: runners look for jobs within seconds. */
const longWaitSeconds = 60;

export const isLate = ({ oldestDueSeconds }: Pick<Kind, "oldestDueSeconds">): boolean => oldestDueSeconds > longWaitSeconds;

/** A runner gives a sign of life every few seconds while it holds jobs. */
const silentMs = 120_000;

export const isSilent = ({ running, lastSeenAt }: Pick<Queue["runners"][number], "running" | "lastSeenAt">, nowMs: number): boolean =>
  running > 0 && nowMs - Date.parse(lastSeenAt) > silentMs;
