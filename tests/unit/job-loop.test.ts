/** The loop of single jobs: a heartbeat may fall between the commit of a completion and the return of its handler. */
import { describe, expect, it } from "vitest";
import { noTracer } from "../../core/telemetry/tracer.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import type { Heartbeat } from "../../db/queue/heartbeat-job.ts";
import { createBus } from "../../runner/bus.ts";
import { systemClock } from "../../runner/clock.ts";
import { startLoop } from "../../runner/queue/job-loop.ts";

const job: ClaimedJob = {
  ...{ id: "job", projectId: "p", kind: "data.delete", payload: {}, attempt: 1, maxAttempts: 3, leaseId: "lease", checkpoint: null },
  ...{ requestId: null, traceparent: null },
};

/** Runs one job that returns only after a heartbeat was answered like this, and reports which event of the bus followed its claim. */
const endOf = async (answer: Heartbeat): Promise<string> => {
  const answered = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const bus = createBus(() => {});
  bus.on("job.settled", ({ state }) => ended.resolve(state));
  bus.on("job.leaseLost", () => ended.resolve("lost"));
  const waiting = [job];
  const loop = startLoop(
    {
      clock: systemClock,
      log: () => {},
      tracer: noTracer,
      bus,
      random: () => 0,
      // The turn after the answer is that of the loop.
      handlerOf: () => ({ run: () => answered.promise.then(() => systemClock.wait(1)), settle: () => Promise.resolve(true) }),
      claim: () => Promise.resolve(waiting.splice(0)),
      heartbeat: () => {
        answered.resolve();
        return Promise.resolve(answer);
      },
    },
    { concurrency: 1, pollMs: 1, pollIdleMs: 1000, heartbeatSeconds: 0.001, selfFenceSeconds: 30, graceSeconds: 0 },
  );
  const end = await ended.promise;
  await loop.stop();
  return end;
};

describe("a heartbeat before the handler returns", () => {
  it.each([
    ["held", "completed"],
    ["completed", "completed"],
    ["lost", "lost"],
  ] as const)("that is answered with %s: the job counts as %s", async (answer, end) => {
    expect(await endOf(answer)).toBe(end);
  });
});
