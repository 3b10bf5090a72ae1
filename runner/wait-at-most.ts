/** Waits for something that may never come. */
import type { Clock } from "./deps.ts";

/** Resolves when `work` has resolved, or after the time. Rejects if `work` does. */
export const waitAtMost = async (clock: Pick<Clock, "wait">, milliseconds: number, work: Promise<unknown>): Promise<void> => {
  const over = new AbortController();
  const waited = clock.wait(milliseconds, over.signal).catch(() => {
    // The wait is aborted below, once the work is done.
  });
  try {
    await Promise.race([work, waited]);
  } finally {
    over.abort(new Error("the wait is over"));
  }
};
