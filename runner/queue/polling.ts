/** Asks for work again and again, runs so much of it at once, and stops in order. Knows nothing of jobs. */
import { describeFailure } from "../../db/postgres/failure.ts";
import { type Clock, type Log, RunnerStopping } from "../deps.ts";

export type PollingConfig = {
  /** Pieces of work at once. */
  concurrency: number;
  pollMs: number;
  /** The wait between two questions grows up to this while there is nothing to do. */
  pollIdleMs: number;
  /** What is under way at a stop may go on for so long. */
  graceSeconds: number;
};

/** One piece of work under way. `done` never rejects. */
type Work = { done: Promise<void>; abort: (reason: Error) => void };

type PollingDeps<Claimed> = {
  clock: Clock;
  log: Log;
  random: () => number;
  /** Returns whether a claim is worth its cost. Asked only while there was nothing to do; `wake` skips it. */
  isDue?: (() => Promise<boolean>) | undefined;
  claim: () => Promise<Claimed | undefined>;
  start: (claimed: Claimed) => Work;
};

export type Polling = {
  /** Resolves when nothing is asked for any more and all work has ended, or was left behind. */
  stop: () => Promise<void>;
  /** Looks for work now instead of at the next poll. */
  wake: () => void;
};

/** A database that has gone silent holds up nothing but this one question; a claim that arrives late is rescued when its lease ends. */
const answerMs = 20_000;

/** The answer, or a rejection when none has come for 20 s. */
export const answered = <R>(clock: Clock, answer: Promise<R>): Promise<R> =>
  new Promise((resolve, reject) => {
    const timer = clock.startTimer(answerMs, () => {
      timer.stop();
      reject(new Error(`no answer within ${answerMs} ms`));
    });
    answer.finally(timer.stop).then(resolve, reject);
  });

/** After the grace, work that does not end by itself is left behind: its lease ends without it. */
const leaveBehindMs = 15_000;

export const startPolling = <Claimed>(deps: PollingDeps<Claimed>, config: PollingConfig): Polling => {
  const { clock } = deps;
  const running = new Set<Work>();
  let isStopping = false;
  let isWoken = false;
  let endRest = () => {};

  const wake = () => {
    isWoken = true;
    endRest();
  };

  /** Until the time has passed or there is a reason to look again, also one that came since the last look. */
  const rest = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      endRest = () => {
        endRest = () => {};
        timer.stop();
        resolve();
      };
      const timer = clock.startTimer(milliseconds, () => endRest());
      if (isWoken) endRest();
    });

  const poll = async () => {
    let idleMs = config.pollMs;
    let isIdle = true;
    while (!isStopping) {
      let claimed: Claimed | undefined;
      const shouldLook = isIdle && !isWoken;
      isWoken = false;
      if (running.size < config.concurrency) {
        try {
          const isDue = !shouldLook || (await answered(clock, deps.isDue?.() ?? Promise.resolve(true)));
          if (isDue) claimed = await answered(clock, deps.claim());
          isIdle = claimed === undefined;
        } catch (error) {
          deps.log("error", "claim_failed", { detail: describeFailure(error) });
        }
      }
      if (claimed === undefined) {
        const waitMs = idleMs * (0.75 + deps.random() / 2);
        idleMs = Math.min(config.pollIdleMs, idleMs * 1.5);
        await rest(waitMs);
        continue;
      }
      idleMs = config.pollMs;
      const work = deps.start(claimed);
      running.add(work);
      void work.done.then(() => {
        running.delete(work);
        wake();
      });
    }
  };
  const polling = poll();

  /** Whether all work ends within the time. */
  const endsWithin = async (milliseconds: number): Promise<boolean> => {
    const waiting = new AbortController();
    const ended = Promise.all([...running].map(({ done }) => done)).then(() => true);
    const isOver = await Promise.race([ended, clock.wait(milliseconds, waiting.signal).then(() => false)]);
    waiting.abort(new RunnerStopping());
    return isOver;
  };

  return {
    wake,
    stop: async () => {
      isStopping = true;
      wake();
      await polling;
      if (await endsWithin(config.graceSeconds * 1000)) return;
      for (const work of running) work.abort(new RunnerStopping());
      if (!(await endsWithin(leaveBehindMs))) deps.log("error", "jobs_left_behind", { jobs: running.size });
    },
  };
};
