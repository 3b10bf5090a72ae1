/** Polls for work, runs a limited number of pieces at once, and stops in order. Knows nothing of jobs. */
import { describeFailure } from "../../db/postgres/failure.ts";
import { type Clock, type Log, RunnerStopping } from "../deps.ts";

export type PollingConfig = {
  /** Pieces of work run at once. */
  concurrency: number;
  pollMs: number;
  /** Longest wait between two polls. The wait grows up to this while there is no work. */
  pollIdleMs: number;
  /** How long running work may continue after a stop. */
  graceSeconds: number;
};

/** A piece of running work. `done` never rejects. */
type Work = { done: Promise<void>; abort: (reason: Error) => void };

type PollingDeps<Claimed> = {
  clock: Clock;
  log: Log;
  random: () => number;
  /** Returns whether a claim is worth its cost. Asked only while there was nothing to do; `wake` skips it. */
  isDue?: (() => Promise<boolean>) | undefined;
  /** Claims at most as many pieces as there are free places. */
  claim: (places: number) => Promise<readonly Claimed[]>;
  start: (claimed: Claimed) => Work;
};

export type Polling = {
  /** Stops polling. Resolves once all work has ended or was abandoned. */
  stop: () => Promise<void>;
  /** Polls now instead of after the wait. */
  wake: () => void;
  /** True if the last poll was answered. It is false before the first answer and after `stop`. */
  isClaiming: () => boolean;
};

/**
 * Time limit for one query, so that a silent database blocks nothing else. A job whose claim arrives late is rescued when its lease ends.
 */
const answerMs = 20_000;

/** Resolves to the answer, or rejects after 20 s without one. */
export const withAnswerTimeout = <R>(clock: Clock, answer: Promise<R>): Promise<R> =>
  new Promise((resolve, reject) => {
    const timer = clock.startTimer(answerMs, () => {
      timer.stop();
      reject(new Error(`no answer within ${answerMs} ms`));
    });
    answer.finally(timer.stop).then(resolve, reject);
  });

/** Time after the grace period until unfinished work is abandoned. Its lease then expires. */
const leaveBehindMs = 15_000;

/** For claims that return one piece or none. */
export const asList = <Claimed>(claimed: Claimed | undefined): readonly Claimed[] => (claimed === undefined ? [] : [claimed]);

export const startPolling = <Claimed>(deps: PollingDeps<Claimed>, config: PollingConfig): Polling => {
  const { clock } = deps;
  const running = new Set<Work>();
  let isStopping = false;
  let isWoken = false;
  let isAnswered = false;
  let endRest = () => {};

  const wake = () => {
    isWoken = true;
    endRest();
  };

  /** Waits until the time has passed or `wake` is called. Returns at once if it was called since the last poll. */
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
      let claimed: readonly Claimed[] = [];
      const shouldLook = isIdle && !isWoken;
      isWoken = false;
      const places = config.concurrency - running.size;
      if (places > 0) {
        try {
          const isDue = !shouldLook || (await withAnswerTimeout(clock, deps.isDue?.() ?? Promise.resolve(true)));
          if (isDue) claimed = await withAnswerTimeout(clock, deps.claim(places));
          isIdle = claimed.length === 0;
          isAnswered = true;
        } catch (error) {
          isAnswered = false;
          deps.log("error", "claim_failed", { detail: describeFailure(error) });
        }
      }
      if (claimed.length === 0) {
        const waitMs = idleMs * (0.75 + deps.random() / 2);
        idleMs = Math.min(config.pollIdleMs, idleMs * 1.5);
        await rest(waitMs);
        continue;
      }
      idleMs = config.pollMs;
      for (const piece of claimed) {
        const work = deps.start(piece);
        running.add(work);
        void work.done.then(() => {
          running.delete(work);
          wake();
        });
      }
    }
  };
  const polling = poll();

  /** Returns whether all work ends within the time. */
  const endsWithin = async (milliseconds: number): Promise<boolean> => {
    const waiting = new AbortController();
    const ended = Promise.all([...running].map(({ done }) => done)).then(() => true);
    const isOver = await Promise.race([ended, clock.wait(milliseconds, waiting.signal).then(() => false)]);
    waiting.abort(new RunnerStopping());
    return isOver;
  };

  return {
    wake,
    isClaiming: () => isAnswered && !isStopping,
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
