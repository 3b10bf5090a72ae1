/**
 * How many jobs of each concurrency key may run at once in this runner. A key begins with one and gets one more with each success, up to a
 * maximum; after a failure it has one. All failing keys together have a quarter of the pool, so they cannot fill it, however many they are.
 */

type KeyState = { running: number; runningMax: number; isFailing: boolean };

export type KeyLimits = {
  /** Jobs that may be claimed now. */
  free: () => number;
  /** For the claim: how many more jobs each key may have. Keys that are not named may have one. */
  allowances: () => Record<string, number>;
  began: (key: string) => void;
  /** `result`: null if the attempt says nothing about the key. */
  ended: (key: string, result: "success" | "failure" | null) => void;
};

/** Keys remembered while none of their jobs runs. A forgotten one begins with one job again. */
const keysKept = 1000;

export const createKeyLimits = ({ concurrency, keyConcurrency }: { concurrency: number; keyConcurrency: number }): KeyLimits => {
  const failingMax = Math.max(1, Math.floor(concurrency / 4));
  // In the order of use, the oldest first.
  const keys = new Map<string, KeyState>();
  let running = 0;
  let failingRunning = 0;

  const touch = (key: string): KeyState => {
    const state = keys.get(key) ?? { running: 0, runningMax: 1, isFailing: false };
    keys.delete(key);
    keys.set(key, state);
    return state;
  };
  const forgetOldest = () => {
    for (const [key, state] of keys) {
      if (keys.size <= keysKept) return;
      if (state.running === 0) keys.delete(key);
    }
  };
  const allowanceOf = ({ running: own, runningMax, isFailing }: KeyState): number =>
    isFailing && failingRunning >= failingMax ? 0 : Math.max(0, runningMax - own);

  return {
    free: () => concurrency - running,
    allowances: () => Object.fromEntries([...keys].map(([key, state]) => [key, allowanceOf(state)])),
    began: (key) => {
      const state = touch(key);
      state.running++;
      running++;
      if (state.isFailing) failingRunning++;
    },
    ended: (key, result) => {
      const state = touch(key);
      if (state.isFailing) failingRunning -= state.running;
      state.running--;
      running--;
      if (result !== null) state.isFailing = result === "failure";
      if (result === "success") state.runningMax = Math.min(keyConcurrency, state.runningMax + 1);
      if (result === "failure") state.runningMax = 1;
      if (state.isFailing) failingRunning += state.running;
      forgetOldest();
    },
  };
};
