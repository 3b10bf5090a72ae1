/** Writes the outcome of an attempt, with retries while the database fails. */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Clock, Log } from "../deps.ts";
import { withAnswerTimeout } from "./polling.ts";

const attemptsMax = 5;

/**
 * Retries a failed settlement, because otherwise all work is repeated after the lease expires. Repeating it is safe: settlements are fenced
 * by the lease. Returns undefined if every attempt failed; the job is then rescued.
 */
export const settleWithRetry = async <R>(
  deps: { clock: Clock; log: Log },
  fields: Record<string, unknown>,
  settle: () => Promise<R>,
): Promise<R | undefined> => {
  for (let attempts = 1; ; attempts++) {
    try {
      return await withAnswerTimeout(deps.clock, settle());
    } catch (error) {
      deps.log("error", "settle_failed", { ...fields, detail: describeFailure(error) });
      if (attempts === attemptsMax) return undefined;
      await deps.clock.wait(500 * attempts);
    }
  }
};
