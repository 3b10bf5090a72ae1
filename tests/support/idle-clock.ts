/**
 * A clock whose time passes only when nothing else is left to do: what runs out of time is the same on every machine. For code that waits for
 * promises of this process alone.
 */
import type { Clock } from "../../runner/deps.ts";

type Timer = { atMs: number; everyMs: number | null; run: () => void };

export const createIdleClock = (): Clock => {
  const timers = new Set<Timer>();
  let nowMs = 0;
  let isPassing = false;
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.atMs < first.atMs) first = timer;
    return first;
  };
  /** One timer in a turn of the event loop: all that follows from it happens before the next one. */
  const pass = () => {
    const timer = next();
    isPassing = timer !== undefined;
    if (timer === undefined) return;
    nowMs = timer.atMs;
    if (timer.everyMs === null) timers.delete(timer);
    else timer.atMs += timer.everyMs;
    timer.run();
    setImmediate(pass);
  };
  const start = (milliseconds: number, isRepeated: boolean, run: () => void): (() => void) => {
    const everyMs = Math.max(1, milliseconds);
    const timer: Timer = { atMs: nowMs + everyMs, everyMs: isRepeated ? everyMs : null, run };
    timers.add(timer);
    if (!isPassing) setImmediate(pass);
    isPassing = true;
    return () => void timers.delete(timer);
  };
  return {
    nowMs: () => nowMs,
    steadyMs: () => nowMs,
    wait: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const stop = start(milliseconds, false, () => {
          signal?.removeEventListener("abort", giveUp);
          resolve();
        });
        const giveUp = () => {
          stop();
          reject(signal?.reason as Error);
        };
        signal?.addEventListener("abort", giveUp, { once: true });
      }),
    startTimer: (milliseconds, onTick) => ({ stop: start(milliseconds, true, onTick) }),
  };
};
