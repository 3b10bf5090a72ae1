/**
 * Yields to the rest of the process during long work of one project: heartbeats, timers, other jobs. JavaScript never interrupts running
 * code, so long work has to pause by itself.
 */
import type { Pieces } from "../core/pieces.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./deps.ts";

/** Time of work between two pauses. A pause costs about a millisecond. */
const turnMs = 25;

export type Turns = {
  /** Yields if the current turn has used up its time. Rejects with the signal's reason. */
  pause: () => Promise<void>;
  /** Runs the work piece by piece, with pauses. */
  run: <Result>(pieces: Pieces<Result>) => Promise<Result>;
};

export const createTurns = (signal: AbortSignal, { steadyMs, wait }: Pick<Clock, "steadyMs" | "wait"> = systemClock): Turns => {
  let startedMs = steadyMs();
  const isOver = () => steadyMs() - startedMs >= turnMs;
  const pause = async () => {
    if (!isOver()) return;
    await wait(0, signal);
    startedMs = steadyMs();
  };
  return {
    pause,
    run: async (pieces) => {
      for (;;) {
        const next = pieces.next();
        if (next.done === true) return next.value;
        // Avoids creating a promise for each piece.
        if (isOver()) await pause();
      }
    },
  };
};
