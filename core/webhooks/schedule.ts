/** When a webhook is sent again, and what follows from the answer to an attempt. Pure: randomness is an argument. */

import type { ErrorCode } from "../errors.ts";
import { isOwnersFault } from "../integrations/faults.ts";

/** Pauses before the attempts, from the first on: the schedule of Standard Webhooks, about 75 hours in all. */
export const attemptDelaysSeconds = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;

export const attemptsMax = attemptDelaysSeconds.length;

/** An endpoint whose attempts have all failed for this long is switched off. */
export const failingDaysMax = 5;

/**
 * An endpoint that failed for less was not down: it refuses some events and takes others. Sent again with each success, those that it refuses
 * would use up their attempts within seconds.
 */
export const downSecondsMin = 300;

/** A failure after a longer silence begins to count anew. More than the longest pause with jitter, which is 28.8 hours. */
export const failurePauseHoursMax = 30;

/** A receiver that asks for more is asked again after this, unless its schedule is slower. */
const retryAfterSecondsMax = 3600;

const jitterShare = 0.2;

/**
 * Pause after attempt number `attempt` (from 1), in seconds; null if it was the last. ±20 % by `random` in [0, 1). A receiver's Retry-After
 * makes the pause longer: up to an hour, or to twice the scheduled pause where that is more. It never makes it shorter.
 */
export const delaySecondsAfter = (
  attempt: number,
  { random, retryAfterSeconds }: { random: number; retryAfterSeconds: number | null },
): number | null => {
  const base = attemptDelaysSeconds[attempt];
  if (base === undefined) return null;
  const scheduled = base * (1 - jitterShare + 2 * jitterShare * random);
  const asked = Math.min(retryAfterSeconds ?? 0, Math.max(retryAfterSecondsMax, 2 * base));
  return Math.max(scheduled, asked);
};

/** How an attempt ended: with a status of the receiver, or with an error of ours. */
export type Answer = { status: number; retryAfterSeconds: number | null } | { error: { code: ErrorCode; message: string } };

export type AttemptOutcome =
  | { outcome: "delivered" }
  | { outcome: "retry"; delaySeconds: number; error: AttemptError }
  /** The delivery is given up. */
  | { outcome: "failed"; error: AttemptError }
  /** The delivery is given up and its endpoint switched off. */
  | { outcome: "disable"; error: AttemptError };

export type AttemptError = { code: ErrorCode; message: string };

/**
 * Only 2xx is success; redirects are failures. 410, and an address that must not be contacted, switch the endpoint off. A test is sent once
 * and changes nothing about its endpoint.
 */
export const attemptOutcome = (
  answer: Answer,
  { attempt, isTest, random }: { attempt: number; isTest: boolean; random: number },
): AttemptOutcome => {
  if ("status" in answer && answer.status >= 200 && answer.status < 300) return { outcome: "delivered" };
  const error = errorOf(answer);
  if (isTest) return { outcome: "failed", error };
  if (error.code === "WEBHOOK_GONE" || isOwnersFault(error.code)) return { outcome: "disable", error };
  const retryAfterSeconds = "status" in answer ? answer.retryAfterSeconds : null;
  const delaySeconds = delaySecondsAfter(attempt, { random, retryAfterSeconds });
  return delaySeconds === null ? { outcome: "failed", error } : { outcome: "retry", delaySeconds, error };
};

const errorOf = (answer: Answer): AttemptError => {
  if ("error" in answer) return answer.error;
  const { status } = answer;
  if (status === 410) return { code: "WEBHOOK_GONE", message: "The endpoint answered 410 Gone." };
  if (status >= 300 && status < 400)
    return { code: "WEBHOOK_REDIRECTED", message: `The endpoint answered ${status}; redirects are not followed.` };
  return { code: "WEBHOOK_REFUSED", message: `The endpoint answered ${status}.` };
};
