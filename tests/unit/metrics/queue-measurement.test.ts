import { describe, expect, it } from "vitest";
import type { WaitingJobs } from "../../../db/queue/measure-queue.ts";
import type { Clock } from "../../../runner/deps.ts";
import { createQueueMeasurement } from "../../../runner/metrics/observe-queue.ts";

const waiting = (due: number): WaitingJobs[] => [{ kind: "export.run", due, oldestSeconds: 1 }];

/** A clock that a test moves; waits end at once, as if their time were up. */
const start = (measureQueue: () => Promise<WaitingJobs[]>, wait: Clock["wait"]) => {
  let nowMs = 0;
  const reports: string[] = [];
  const clock: Clock = { nowMs: () => nowMs, steadyMs: () => nowMs, wait, startTimer: () => ({ stop: () => {} }) };
  const measure = createQueueMeasurement({ clock, measureQueue, report: (event, error) => reports.push(`${event} ${String(error)}`) });
  return { measure, reports, pass: (milliseconds: number) => (nowMs += milliseconds) };
};
const never = () => new Promise<never>(() => {});

describe("the queue", () => {
  it("is measured at most every 15 s, however often it is looked at", async () => {
    let measured = 0;
    const { measure, pass } = start(async () => waiting(++measured), never);
    expect(await Promise.all([measure(), measure()])).toEqual([waiting(1), waiting(1)]);
    pass(14_999);
    expect(await measure()).toEqual(waiting(1));
    pass(1);
    expect(await measure()).toEqual(waiting(2));
  });

  it("that cannot be measured is told and not shown, and is asked for again", async () => {
    let measured = 0;
    const { measure, pass, reports } = start(async () => {
      if (++measured === 2) throw new Error("no database");
      return waiting(measured);
    }, never);
    await measure();
    pass(15_000);
    expect(await measure()).toEqual([]);
    expect(reports).toEqual(["queue_not_measured Error: no database"]);
    pass(15_000);
    expect(await measure()).toEqual(waiting(3));
  });

  it("of a database that does not answer shows what is known for a minute, asks no second time and holds nobody up", async () => {
    let asked = 0;
    const { measure, pass } = start(
      () => (++asked === 1 ? Promise.resolve(waiting(1)) : never()),
      async () => {},
    );
    await measure();
    await measure();
    pass(15_000);
    expect(await measure()).toEqual(waiting(1));
    pass(45_000);
    expect(await measure()).toEqual([]);
    expect(asked).toBe(2);
  });
});
