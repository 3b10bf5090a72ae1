/** Decides what follows a failed attempt. Pure: chance is an argument. */
import { type AppError, errorTable } from "../errors.ts";

const baseSeconds = 5;
const delaySecondsMax = 600;

/** Delay before the next attempt: 5 s doubled with each attempt, at most 10 min. `attempt` counts from 1. */
export const baseDelaySeconds = (attempt: number): number => Math.min(delaySecondsMax, baseSeconds * 2 ** (attempt - 1));

/** Spreads a delay over its upper half; `random` is in [0, 1). */
export const withJitter = (delaySeconds: number, random: number): number => delaySeconds * (0.5 + random / 2);

export type NextAttempt = { decision: "discard" } | { decision: "retry"; delaySeconds: number };

export const nextAttempt = (
  error: AppError,
  { attempt, maxAttempts, random }: { attempt: number; maxAttempts: number; random: number },
): NextAttempt =>
  errorTable[error.code].retry === "never" || attempt >= maxAttempts
    ? { decision: "discard" }
    : { decision: "retry", delaySeconds: withJitter(baseDelaySeconds(attempt), random) };
