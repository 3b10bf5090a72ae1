/** Writes the outcome of an attempt, also when the database fails for a moment. */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Clock, Log } from "../deps.ts";
import { answered } from "./polling.ts";

const attemptsMax = 5;

/**
 * An outcome that cannot be written is tried again: otherwise all of its work would be done anew when the lease has ended. Undefined when it could not be written; the
 * reaper decides then. A settlement is fenced, so that one whose answer was lost is harmless to repeat.
 */
export const settleSurely = async <R>(
  deps: { clock: Clock; log: Log },
  fields: Record<string, unknown>,
  settle: () => Promise<R>,
): Promise<R | undefined> => {
  for (let attempts = 1; ; attempts++) {
    try {
      return await answered(deps.clock, settle());
    } catch (error) {
      deps.log("error", "settle_failed", { ...fields, detail: describeFailure(error) });
      if (attempts === attemptsMax) return undefined;
      await deps.clock.wait(500 * attempts);
    }
  }
};
