/** A clock for sinks: waits end at once and are recorded, and timers run out when a test says so. */
export const createSinkClock = (nowMs: number) => {
  const waits: number[] = [];
  const timers = new Set<() => void>();
  return {
    waits,
    /** Lets every running timer run out. */
    fire: () => {
      for (const onTick of timers) onTick();
    },
    clock: {
      nowMs: () => nowMs,
      wait: (milliseconds: number, signal?: AbortSignal) => {
        waits.push(milliseconds);
        signal?.throwIfAborted();
        return Promise.resolve();
      },
      startTimer: (_milliseconds: number, onTick: () => void) => {
        timers.add(onTick);
        return { stop: () => void timers.delete(onTick) };
      },
    },
  };
};
