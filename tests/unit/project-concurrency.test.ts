/** Long jobs of one project beside a canary, in a loop that runs few jobs at once. */

import { describe, expect, it } from "vitest";
import { noTracer } from "../../core/telemetry/tracer.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { createBus } from "../../runner/bus.ts";
import { systemClock } from "../../runner/clock.ts";
import { startLoop } from "../../runner/queue/job-loop.ts";
import { createProjectConcurrency } from "../../runner/queue/project-concurrency.ts";

const jobOf = (id: string, projectId: string): ClaimedJob => ({
  ...{ id, projectId, kind: "data.delete", payload: {}, attempt: 1, maxAttempts: 3, leaseId: `lease-${id}`, checkpoint: null },
  ...{ requestId: null, traceparent: null },
});

describe("a project with jobs that never end", () => {
  it("leaves a place to the canary that came after all of them", async () => {
    const waiting = [...Array.from({ length: 9 }, (_, at) => jobOf(`heavy-${at}`, "heavy")), jobOf("canary", "canary")];
    const perProject = createProjectConcurrency(2);
    const [begun, ended] = [[] as string[], Promise.withResolvers<string>()];
    const loop = startLoop(
      {
        clock: systemClock,
        log: () => {},
        tracer: noTracer,
        bus: createBus(() => {}),
        random: () => 0,
        perProject,
        handlerOf: () => ({
          run: async ({ job, signal }) => {
            begun.push(job.id);
            if (job.projectId === "canary") ended.resolve(job.id);
            else await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
          },
          settle: () => Promise.resolve(true),
        }),
        claim: () => {
          const next = waiting.findIndex(({ projectId }) => (perProject.allowances()[projectId] ?? perProject.projectJobsMax) > 0);
          return Promise.resolve(next < 0 ? [] : waiting.splice(next, 1));
        },
        heartbeat: () => Promise.resolve("held"),
      },
      { concurrency: 2, pollMs: 1, pollIdleMs: 2, heartbeatSeconds: 10, selfFenceSeconds: 30, graceSeconds: 0 },
    );
    expect(await ended.promise).toBe("canary");
    expect(begun).toEqual(["heavy-0", "canary"]);
    await loop.stop();
    expect(perProject.allowances()).toEqual({});
  });

  it("has the only place of a loop of one", () => {
    expect(createProjectConcurrency(1).projectJobsMax).toBe(1);
  });
});
