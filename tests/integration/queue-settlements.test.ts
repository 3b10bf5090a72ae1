/** Jobs that end at the same instant are settled together, and each for itself all the same. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../db/postgres/client.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { repairConcurrencyCounts } from "../../db/queue/repair-concurrency-counts.ts";
import { requestCancel } from "../../db/queue/request-cancel.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { type Ended, settleJobs } from "../../db/queue/settle-job.ts";
import { systemClock } from "../../runner/clock.ts";
import type { Clock } from "../../runner/deps.ts";
import { groupSettlements } from "../../runner/queue/group-settlements.ts";
import { settleGroupedOn } from "../support/claim-job.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { expireLeases, insertJob, insertProject, jobState, wrongConcurrencyCounts } from "../support/project.ts";

let open: OpenDatabase;
let db: Database;

beforeAll(async () => {
  open = await openOwnDatabase(10);
  db = open.db;
});
afterAll(() => open.close());
beforeEach(() => execute(db, sql`truncate organizations, jobs, job_slots cascade`));

const completed = { state: "completed" } as const;
const failed = { state: "retryable", error: { code: "INTERNAL", message: "x" }, delaySeconds: 600 } as const;

const claim = (jobsMax: number): Promise<ClaimedJob[]> =>
  claimLimitedJobs(db, { kinds: ["export.run"], jobsMax, claimedBy: "test", leaseSeconds: 60, projectRunningMax: 100 });

/** Jobs that run, of as many projects. */
const runningJobs = async (jobs: number): Promise<ClaimedJob[]> => {
  for (let n = 0; n < jobs; n++) await insertJob(db, await insertProject(db));
  return claim(jobs);
};

describe("a group of settlements", () => {
  it("is one statement, for all that end in the same turn", async () => {
    const jobs = await runningJobs(16);
    const groups: number[] = [];
    const settle = groupSettlements({
      clock: systemClock,
      settle: (ended) => {
        groups.push(ended.length);
        return settleJobs(db, ended);
      },
    });
    expect(await Promise.all(jobs.map((job) => settle(job, completed)))).toEqual(jobs.map(() => "completed"));
    expect(groups).toEqual([16]);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });

  it("changes nothing of a job whose lease is lost, and tells its handler alone", async () => {
    await insertJob(db, await insertProject(db));
    const [lost] = await claim(1);
    await expireLeases(db);
    await rescueJob(db);
    await execute(db, sql`update jobs set run_at = now()`);
    const [winner] = await claim(1);
    const [other] = await runningJobs(1);
    if (lost === undefined || winner === undefined || other === undefined) throw new Error("nothing to claim");
    const settle = settleGroupedOn(db);
    expect(await Promise.all([settle(lost, completed), settle(other, completed)])).toEqual([undefined, "completed"]);
    expect(await jobState(db, winner.id)).toEqual({ state: "running", attempt: 2 });
    // Both attempts in one group: only the one that holds the lease counts.
    expect(await Promise.all([settle(lost, completed), settle(winner, failed)])).toEqual([undefined, "retryable"]);
    expect(await jobState(db, winner.id)).toEqual({ state: "retryable", attempt: 2 });
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });

  it("writes all the others if the database refuses one", async () => {
    const jobs = await runningJobs(3);
    const settle = settleGroupedOn(db);
    const [first, refused, last] = await Promise.allSettled(
      jobs.map((job, at) => settle(job, at === 1 ? { ...failed, delaySeconds: 1e300 } : completed)),
    );
    expect([first, last]).toEqual([1, 2].map(() => ({ status: "fulfilled", value: "completed" })));
    expect(refused?.status).toBe("rejected");
    expect(await Promise.all(jobs.map(async ({ id }) => (await jobState(db, id)).state))).toEqual(["completed", "running", "completed"]);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });

  it("settles a job twice in the order in which it was told, and the second time finds the lease gone", async () => {
    const [job] = await runningJobs(1);
    if (job === undefined) throw new Error("nothing to claim");
    const settle = settleGroupedOn(db);
    expect(await Promise.all([settle(job, failed), settle(job, completed)])).toEqual(["retryable", undefined]);
  });

  it("completes no job that is to be cancelled, and completes its neighbours", async () => {
    for (let round = 0; round < 30; round++) {
      const jobs = await runningJobs(3);
      const settle = settleGroupedOn(db);
      const [cancelled] = jobs;
      if (cancelled === undefined) throw new Error("nothing to claim");
      const [asked, ...states] = await Promise.all([
        requestCancel(db, { jobId: cancelled.id, projectId: cancelled.projectId }),
        ...jobs.map((job) => settle(job, completed)),
      ]);
      expect(states).toEqual([asked === "finished" ? "completed" : undefined, "completed", "completed"]);
      if (asked === "requested") expect(await settle(cancelled, failed)).toBe("cancelled");
    }
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });

  it("does not deadlock with groups of other runners, claims and repairs, over the same projects in any order", async () => {
    const projectIds = await Promise.all(Array.from({ length: 12 }, () => insertProject(db)));
    for (const projectId of projectIds) for (let n = 0; n < 20; n++) await insertJob(db, projectId);
    let done = 0;
    const runner = async (reversed: boolean) => {
      for (let empty = 0; empty < 100 && done < 240; ) {
        const jobs = await claim(12);
        const ordered = jobs.toSorted((a, b) => (reversed ? -1 : 1) * a.projectId.localeCompare(b.projectId));
        const settled = await settleJobs(
          db,
          ordered.map(({ id, leaseId, kind }) => ({ id, leaseId, kind, outcome: completed })),
        );
        done += settled.size;
        empty = jobs.length === 0 ? empty + 1 : 0;
        if (empty === 0) await repairConcurrencyCounts(db);
      }
    };
    await Promise.all([true, false, true, false].map(runner));
    expect(done).toBe(240);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });
});

describe("a database that does not answer", () => {
  it("holds up no later group", async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      startTimer: (_, onTick) => {
        timers.push(onTick);
        return { stop: () => {} };
      },
    };
    const asked = Promise.withResolvers<void>();
    const silent = (ended: readonly Ended[]) => {
      asked.resolve();
      return ended[0]?.id === "silent" ? new Promise<never>(() => {}) : Promise.resolve(new Map([["lease-2", "completed" as const]]));
    };
    const settle = groupSettlements({ clock, settle: silent });
    const first = settle({ id: "silent", leaseId: "lease-1", kind: "mail.send" }, completed);
    await asked.promise;
    const second = settle({ id: "other", leaseId: "lease-2", kind: "mail.send" }, completed);
    timers[0]?.();
    await expect(first).rejects.toThrow("no answer");
    expect(await second).toBe("completed");
  });
});
