/**
 * Lets everything else of the process have a turn while one project's work goes on: heartbeats, timers, the jobs of others. JavaScript runs one piece of work to its end, so that
 * whatever may take long has to stop by itself.
 */
import type { Pieces } from "../core/pieces.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./deps.ts";

/** Work goes on so long before others have their turn: a turn costs about a millisecond. */
const turnMs = 25;

export type Turns = {
  /** Waits for the others where the turn is over. Rejects with the signal's reason. */
  pause: () => Promise<void>;
  /** Runs the work piece by piece, with pauses. */
  run: <Result>(pieces: Pieces<Result>) => Promise<Result>;
};

export const createTurns = (signal: AbortSignal, { steadyMs, wait }: Pick<Clock, "steadyMs" | "wait"> = systemClock): Turns => {
  let begunMs = steadyMs();
  const isOver = () => steadyMs() - begunMs >= turnMs;
  const pause = async () => {
    if (!isOver()) return;
    await wait(0, signal);
    begunMs = steadyMs();
  };
  return {
    pause,
    run: async (pieces) => {
      for (;;) {
        const next = pieces.next();
        if (next.done === true) return next.value;
        // Without a promise for each piece.
        if (isOver()) await pause();
      }
    },
  };
};
