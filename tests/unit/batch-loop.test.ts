import { describe, expect, it } from "vitest";
import { noTracer } from "../../core/telemetry/tracer.ts";
import type { JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import { systemClock } from "../../runner/clock.ts";
import { type BatchLoopDeps, startBatchLoop } from "../../runner/queue/batch-loop.ts";
import { shareDueWork } from "../../runner/queue/due-work.ts";
import { createIdleClock } from "../support/idle-clock.ts";

const never = <T>(): Promise<T> => new Promise(() => {});

const done: BatchOutcome = { doneIds: ["job"], failed: [], released: [] };
const batch = (leaseId: string): JobBatch => ({
  leaseId,
  claimedAt: "2026-01-01T00:00:00.000000Z",
  jobs: [
    {
      id: "job",
      projectId: "p",
      payload: {},
      attempt: 1,
      maxAttempts: 6,
      losses: 0,
      orderingKey: "p/t",
      requestId: null,
      traceparent: null,
    },
  ],
});

const start = (deps: Partial<BatchLoopDeps>) =>
  startBatchLoop(
    {
      kind: "ingestion.merge",
      emit: () => {},
      clock: createIdleClock(),
      log: () => {},
      tracer: noTracer,
      random: () => 0,
      claim: () => Promise.resolve(undefined),
      heartbeat: () => Promise.resolve(1),
      process: () => Promise.resolve(done),
      settle: () => Promise.resolve(1),
      repeat: () => Promise.resolve(),
      ...deps,
    },
    { concurrency: 1, pollMs: 1000, pollIdleMs: 1000, heartbeatSeconds: 10, selfFenceSeconds: 30, maxRunSeconds: 3600, graceSeconds: 0 },
  );

/** Answers the batches one after the other, then nothing. */
const claiming = (answers: readonly (() => Promise<JobBatch>)[]): BatchLoopDeps["claim"] => {
  let asked = 0;
  return () => answers[asked++]?.() ?? Promise.resolve(undefined);
};

describe("a database that answers nothing any more", () => {
  it("while it is asked for work holds up this one question", async () => {
    const settled = Promise.withResolvers<string>();
    const loop = start({
      claim: claiming([never, () => Promise.resolve(batch("second"))]),
      settle: (leaseId) => {
        settled.resolve(leaseId);
        return Promise.resolve(1);
      },
    });
    expect(await settled.promise).toBe("second");
    await loop.stop();
  });

  it("while a batch is in work gives the batch up when its lease is over, and the next one is worked on", async () => {
    const settled = Promise.withResolvers<string>();
    const events: string[] = [];
    const clock = createIdleClock();
    const loop = start({
      clock,
      claim: claiming([() => Promise.resolve(batch("first")), () => Promise.resolve(batch("second"))]),
      heartbeat: never,
      process: ({ leaseId }) => (leaseId === "first" ? never() : Promise.resolve(done)),
      emit: (name) => {
        events.push(name);
      },
      settle: (leaseId) => {
        settled.resolve(leaseId);
        return Promise.resolve(1);
      },
    });
    expect(await settled.promise).toBe("second");
    // At the first heartbeat behind the 30 s of its lease.
    expect(clock.steadyMs()).toBe(40_000);
    await loop.stop();
    expect(events).toEqual(["batch.claimed", "batch.leaseLost", "batch.claimed", "batch.settled"]);
  });

  it("while a batch is in work has its jobs repeated, but only once the batch has ended", async () => {
    const [working, isRepeated] = [Promise.withResolvers<BatchOutcome>(), Promise.withResolvers<string>()];
    const repeated: string[] = [];
    const events: string[] = [];
    const isLost = Promise.withResolvers<void>();
    const loop = start({
      claim: claiming([() => Promise.resolve(batch("late"))]),
      heartbeat: never,
      process: () => working.promise,
      emit: (name) => {
        events.push(name);
        if (name === "batch.leaseLost") isLost.resolve();
      },
      repeat: ({ leaseId }) => {
        repeated.push(leaseId);
        isRepeated.resolve(leaseId);
        return Promise.resolve();
      },
    });
    await isLost.promise;
    expect(repeated).toEqual([]);
    working.resolve(done);
    expect(await isRepeated.promise).toBe("late");
    await loop.stop();
    expect(events).toEqual(["batch.claimed", "batch.leaseLost"]);
  });

  it("while an outcome is written is asked again", async () => {
    let asked = 0;
    const settled = Promise.withResolvers<BatchOutcome>();
    const loop = start({
      claim: claiming([() => Promise.resolve(batch("lease"))]),
      settle: (_, outcome) => {
        if (asked++ === 0) return never();
        settled.resolve(outcome);
        return Promise.resolve(1);
      },
    });
    expect(await settled.promise).toEqual(done);
    await loop.stop();
  });
});

describe("a batch whose jobs are no longer its own when it is settled", () => {
  it("has them repeated; one that was settled has not", async () => {
    const isRepeated = Promise.withResolvers<string>();
    const repeated: string[] = [];
    const loop = start({
      claim: claiming([() => Promise.resolve(batch("settled")), () => Promise.resolve(batch("late"))]),
      settle: (leaseId) => Promise.resolve(leaseId === "late" ? 0 : 1),
      repeat: ({ leaseId }) => {
        repeated.push(leaseId);
        if (leaseId === "late") isRepeated.resolve(leaseId);
        return Promise.resolve();
      },
    });
    await isRepeated.promise;
    await loop.stop();
    expect(repeated).toEqual(["late"]);
  });
});

describe("a runner that stops", () => {
  it("gives a batch back that does not end in time, without spending the attempt", async () => {
    const settled: BatchOutcome[] = [];
    const isWorking = Promise.withResolvers<void>();
    const loop = start({
      claim: claiming([() => Promise.resolve(batch("lease"))]),
      process: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          isWorking.resolve();
        }),
      settle: (_, outcome) => {
        settled.push(outcome);
        return Promise.resolve(1);
      },
    });
    await isWorking.promise;
    await loop.stop();
    expect(settled).toEqual([{ doneIds: [], failed: [], released: [{ id: "job", orderingKey: null, isInterrupted: true }] }]);
  });

  it("leaves behind what ends by nothing, and stops", async () => {
    const isWorking = Promise.withResolvers<void>();
    const logged: string[] = [];
    const loop = start({
      claim: claiming([() => Promise.resolve(batch("lease"))]),
      process: () => {
        isWorking.resolve();
        return never();
      },
      log: (_, event) => logged.push(event),
    });
    await isWorking.promise;
    await loop.stop();
    expect(logged).toEqual(["jobs_left_behind"]);
  });

  it("stays alive when it is woken with all its hands full", async () => {
    const isWorking = Promise.withResolvers<void>();
    const isDone = Promise.withResolvers<BatchOutcome>();
    const settled = Promise.withResolvers<void>();
    const clock = createIdleClock();
    const loop = start({
      clock,
      claim: claiming([() => Promise.resolve(batch("lease"))]),
      process: () => {
        isWorking.resolve();
        return isDone.promise;
      },
      settle: () => {
        settled.resolve();
        return Promise.resolve(1);
      },
    });
    await isWorking.promise;
    loop.wake();
    // A loop that never rests lets no timer run.
    await clock.wait(1);
    isDone.resolve(done);
    await settled.promise;
    await loop.stop();
  });

  it("does not wait for the next poll when it is woken while it asks", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<JobBatch | undefined>();
    const settled = Promise.withResolvers<string>();
    let claims = 0;
    const loop = startBatchLoop(
      {
        kind: "ingestion.merge",
        repeat: () => Promise.resolve(),
        emit: () => {},
        clock: systemClock,
        log: () => {},
        tracer: noTracer,
        random: () => 0,
        claim: () => {
          if (claims++ > 0) return Promise.resolve(claims === 2 ? batch("woken") : undefined);
          asked.resolve();
          return answer.promise;
        },
        heartbeat: () => Promise.resolve(1),
        process: () => Promise.resolve(done),
        settle: (leaseId) => {
          settled.resolve(leaseId);
          return Promise.resolve(1);
        },
      },
      {
        concurrency: 1,
        pollMs: 3_600_000,
        pollIdleMs: 3_600_000,
        heartbeatSeconds: 10,
        selfFenceSeconds: 30,
        maxRunSeconds: 3600,
        graceSeconds: 0,
      },
    );
    await asked.promise;
    loop.wake();
    answer.resolve(undefined);
    expect(await settled.promise).toBe("woken");
    await loop.stop();
  });
});

describe("a loop without work", () => {
  it("asks whether anything is due and claims only then; woken, it claims at once", async () => {
    const asked: string[] = [];
    const answers = ["no", "no", "yes"];
    const settled = Promise.withResolvers<string>();
    const looked = Promise.withResolvers<void>();
    const loop = start({
      isDue: () => {
        const answer = answers.shift();
        asked.push(`due: ${answer ?? "never"}`);
        if (answer === undefined) {
          looked.resolve();
          return never();
        }
        return Promise.resolve(answer === "yes");
      },
      claim: () => {
        const claims = asked.push("claim") && asked.filter((one) => one === "claim").length;
        return Promise.resolve(claims === 2 ? batch("due") : undefined);
      },
      settle: (leaseId) => {
        settled.resolve(leaseId);
        return Promise.resolve(1);
      },
    });
    loop.wake();
    await settled.promise;
    await looked.promise;
    // It asks first. Woken while it asks, it claims; then it asks until something is due, and claims until nothing is left.
    expect(asked).toEqual(["due: no", "claim", "due: no", "due: yes", "claim", "claim", "due: never"]);
    await loop.stop();
  });
});

describe("shared answers", () => {
  it("are given to all who ask in the time, a failure too, and asked for anew after it", async () => {
    let nowMs = 0;
    let asked = 0;
    const none = { kinds: new Set<never>(), consumers: new Set<never>() };
    const share = shareDueWork(
      { steadyMs: () => nowMs },
      () => (++asked === 1 ? Promise.reject(new Error("away")) : Promise.resolve(none)),
      50,
    );
    const [first, second] = [share(), share()];
    await expect(first).rejects.toThrow("away");
    await expect(second).rejects.toThrow("away");
    nowMs = 49;
    await expect(share()).rejects.toThrow("away");
    nowMs = 50;
    expect(await share()).toBe(none);
    expect(asked).toBe(2);
  });
});
