import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../db/postgres/client.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { heartbeatJob } from "../../db/queue/heartbeat-job.ts";
import { repairConcurrencyCounts } from "../../db/queue/repair-concurrency-counts.ts";
import { requestCancel } from "../../db/queue/request-cancel.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { retryJob } from "../../db/queue/retry-job.ts";
import { type Outcome, settleJob as settleJobState } from "../../db/queue/settle-job.ts";
import { claimJob } from "../support/claim-job.ts";
import { createFixture } from "../support/fixture.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { expireLeases, insertJob, insertProject, jobState, wrongConcurrencyCounts } from "../support/project.ts";
import { startQueryHook } from "../support/query-hook.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let open: OpenDatabase;
let db: Database;

beforeAll(async () => {
  open = await openOwnDatabase(34);
  db = open.db;
});
afterAll(() => open.close());
beforeEach(async () => {
  await execute(db, sql`truncate organizations cascade`);
  await execute(db, sql`truncate jobs, job_slots`);
});

const claim = (projectRunningMax = 2, claimedBy = "test") =>
  claimJob(db, { kinds: ["export.run"], claimedBy, leaseSeconds: 60, projectRunningMax });

const claimSurely = async (projectRunningMax = 2): Promise<ClaimedJob> => {
  const job = await claim(projectRunningMax);
  if (job === undefined) throw new Error("nothing to claim");
  return job;
};
/** Whether the lease still held. */
const settleJob = async (on: Database, lease: { id: string; leaseId: string }, outcome: Outcome): Promise<boolean> =>
  (await settleJobState(on, lease, outcome)) !== undefined;
const leaseOf = ({ id, leaseId, attempt }: ClaimedJob) => ({ id, leaseId, attempt });
const failed = { code: "INTERNAL", message: "x" };

describe("claiming", () => {
  it("32 claimers on 10 projects with a limit of 2 never run more than 2 of one project at once, and run every job", async () => {
    const projectIds = await Promise.all(Array.from({ length: 10 }, () => insertProject(db)));
    for (const projectId of projectIds) for (let i = 0; i < 30; i++) await insertJob(db, projectId);
    let done = 0;
    let worst = 0;
    const sampled = async () => {
      const rows = await execute<{ running: number }>(
        db,
        sql`select count(*)::int as running from jobs where state = 'running' group by project_id`,
      );
      worst = Math.max(worst, ...rows.map(({ running }) => running));
    };
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let empty = 0; empty < 400 && done < 300; ) {
          const job = await claim();
          await sampled();
          if (job === undefined) {
            empty++;
            continue;
          }
          expect(await settleJob(db, leaseOf(job), { state: "completed" })).toBe(true);
          done++;
        }
      }),
    );
    expect(done).toBe(300);
    expect(worst).toBe(2);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });

  it("32 whole runners on 10 projects with a limit of 2 never run more than 2 of one project at once, and run every job", async () => {
    const fixture = await createFixture();
    // No export ends before two of each project run, so that ten runners look for more than they may have.
    const hook = await startQueryHook(fixture.clickhouseUrl);
    const { promise: areFull, resolve: full } = Promise.withResolvers<void>();
    hook.before(() => areFull);
    const projectIds = [fixture.projectId, ...(await Promise.all(Array.from({ length: 9 }, () => insertProject(fixture.db))))];
    const runners = Array.from({ length: 32 }, () =>
      fixture.startRunner({
        CLICKHOUSE_URL: hook.url,
        SPILLWAY_PROJECT_CONCURRENCY: "2",
        SPILLWAY_RUNNER_CONCURRENCY: "1",
        SPILLWAY_POSTGRES_CONNECTIONS: "3",
      }),
    );
    try {
      const ids = (
        await Promise.all(
          projectIds.map((projectId) =>
            Promise.all(
              Array.from({ length: 6 }, () => fixture.requestExport({ format: "CSV", query: { tableName: "events" } }, 3, projectId)),
            ),
          ),
        )
      ).flat();
      let worst = 0;
      const idList = sql.join(
        ids.map((id) => sql`${id}`),
        sql`, `,
      );
      for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
        const rows = await execute<{ running: number }>(
          fixture.db,
          sql`select count(*)::int as running from jobs where state = 'running' and has_slot group by project_id`,
        );
        worst = Math.max(worst, ...rows.map(({ running }) => running));
        if (rows.filter(({ running }) => running >= 2).length === projectIds.length) full();
        const [left] = await execute<{ open: number }>(
          fixture.db,
          sql`select count(*)::int as open from batch_exports where id in (${idList}) and finished_at is null`,
        );
        if (left?.open === 0) break;
      }
      // The sampling can miss a moment, the intervals of the exports themselves cannot. An export that was given back keeps its first start, so its interval also covers its wait.
      const [overlap] = await execute<{ most: number }>(
        fixture.db,
        sql`select max(n)::int as most from (
          select count(*) as n from batch_exports a join jobs ja on ja.id = a.job_id and ja.attempt = 1
            join batch_exports b on b.project_id = a.project_id and b.started_at <= a.started_at and b.finished_at > a.started_at
            join jobs jb on jb.id = b.job_id and jb.attempt = 1
          where a.id in (${idList}) and b.id in (${idList}) group by a.id) counted`,
      );
      const statuses = await execute<{ status: string; n: number }>(
        fixture.db,
        sql`select status, count(*)::int as n from batch_exports where id in (${idList}) group by status`,
      );
      expect(statuses).toEqual([{ status: "COMPLETED", n: 60 }]);
      expect(worst).toBe(2);
      expect(overlap?.most).toBe(2);
      expect(await wrongConcurrencyCounts(fixture.db)).toEqual([]);
    } finally {
      full();
      await Promise.all(runners.map((runner) => runner.stop()));
      hook.stop();
      await fixture.stop();
    }
  });

  it("a project with 1,000 queued jobs does not delay another project's first", async () => {
    const [big, small] = [await insertProject(db), await insertProject(db)];
    for (let i = 0; i < 1000; i++) await insertJob(db, big);
    await claimSurely();
    await insertJob(db, small);
    expect((await claimSurely()).projectId).toBe(small);
  });

  it("counts an attempt, and gives every claim a lease of its own", async () => {
    await insertJob(db, await insertProject(db));
    const first = await claimSurely();
    await settleJob(db, leaseOf(first), { state: "retryable", error: failed, delaySeconds: 0 });
    const second = await claimSurely();
    expect([first.attempt, second.attempt]).toEqual([1, 2]);
    expect(second.leaseId).not.toBe(first.leaseId);
  });

  it("a retryable job is not claimed before its time", async () => {
    await insertJob(db, await insertProject(db));
    await settleJob(db, leaseOf(await claimSurely()), { state: "retryable", error: failed, delaySeconds: 600 });
    expect(await claim()).toBeUndefined();
  });
});

describe("fencing", () => {
  it("a runner that lost its lease can write nothing, whatever it tries", async () => {
    const id = await insertJob(db, await insertProject(db));
    const lost = await claimSurely();
    await expireLeases(db);
    expect((await rescueJob(db))?.state).toBe("retryable");
    await execute(db, sql`update jobs set run_at = now()`);
    const winner = await claimSurely();
    expect(await heartbeatJob(db, leaseOf(lost), 60)).toBe("lost");
    for (const outcome of [
      { state: "completed" },
      { state: "cancelled" },
      { state: "available" },
      { state: "discarded", error: failed },
      { state: "retryable", error: failed, delaySeconds: 1 },
    ] as const)
      expect(await settleJob(db, leaseOf(lost), outcome)).toBe(false);
    expect(await jobState(db, id)).toEqual({ state: "running", attempt: 2 });
    expect(await settleJob(db, leaseOf(winner), { state: "completed" })).toBe(true);
    expect(await settleJob(db, leaseOf(winner), { state: "completed" })).toBe(false);
    expect([await heartbeatJob(db, leaseOf(winner), 60), await heartbeatJob(db, leaseOf(lost), 60)]).toEqual(["completed", "lost"]);
  });

  it("giving a job back spends no attempt", async () => {
    const id = await insertJob(db, await insertProject(db));
    await settleJob(db, leaseOf(await claimSurely()), { state: "available" });
    expect(await jobState(db, id)).toEqual({ state: "available", attempt: 0 });
  });
});

describe("cancel", () => {
  it("a waiting job never starts; a finished one stays as it is", async () => {
    const projectId = await insertProject(db);
    const id = await insertJob(db, projectId);
    expect(await requestCancel(db, { jobId: id, projectId })).toBe("cancelled");
    expect(await claim()).toBeUndefined();
    expect(await requestCancel(db, { jobId: id, projectId })).toBe("finished");
  });

  it("another project cannot cancel it", async () => {
    const projectId = await insertProject(db);
    const id = await insertJob(db, projectId);
    expect(await requestCancel(db, { jobId: id, projectId: await insertProject(db) })).toBe("finished");
    expect((await jobState(db, id)).state).toBe("available");
  });

  it("racing with complete has exactly one winner, 200 times", async () => {
    const projectId = await insertProject(db);
    for (let round = 0; round < 200; round++) {
      const id = await insertJob(db, projectId);
      const job = await claimSurely();
      const [asked, completed] = await Promise.all([
        requestCancel(db, { jobId: id, projectId }),
        settleJob(db, leaseOf(job), { state: "completed" }),
      ]);
      expect(completed).toBe(asked === "finished");
      if (!completed) expect(await settleJob(db, leaseOf(job), { state: "cancelled" })).toBe(true);
      expect((await jobState(db, id)).state).toBe(completed ? "completed" : "cancelled");
    }
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });
});

describe("cancel of a job whose attempt then fails or is given back", () => {
  it.each([
    { state: "retryable", error: failed, delaySeconds: 600 },
    { state: "discarded", error: failed },
    { state: "available" },
  ] as const)("ends it, whatever its runner wanted: $state", async (outcome) => {
    const projectId = await insertProject(db);
    const id = await insertJob(db, projectId);
    const job = await claimSurely();
    expect(await requestCancel(db, { jobId: id, projectId })).toBe("requested");
    expect(await settleJobState(db, leaseOf(job), outcome)).toBe("cancelled");
    expect((await jobState(db, id)).state).toBe("cancelled");
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });
});

describe("creating while claiming", () => {
  it("a transaction that has created a job and not ended does not keep others from claiming", async () => {
    const projectId = await insertProject(db);
    const first = await insertJob(db, projectId);
    await db.transaction(async (tx) => {
      await insertJob(tx, projectId);
      expect((await claim())?.id).toBe(first);
    });
  });
});

describe("rescue and repair", () => {
  it("discards a job whose attempts are spent, cancels one that was to be cancelled", async () => {
    const projectId = await insertProject(db);
    const spent = await insertJob(db, projectId, 1);
    await claimSurely();
    const toCancel = await insertJob(db, projectId);
    await claimSurely();
    await requestCancel(db, { jobId: toCancel, projectId });
    await expireLeases(db);
    while ((await rescueJob(db)) !== undefined);
    expect((await jobState(db, spent)).state).toBe("discarded");
    expect((await jobState(db, toCancel)).state).toBe("cancelled");
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
    expect(await retryJob(db, { jobId: spent, projectId, cause: { requestId: "req_retry" } })).toBe(true);
    expect(await jobState(db, spent)).toEqual({ state: "available", attempt: 0 });
  });

  it("makes wrong or missing slot counters right while claims go on", async () => {
    const projectId = await insertProject(db);
    for (let i = 0; i < 20; i++) await insertJob(db, projectId);
    await claimSurely();
    await execute(db, sql`update job_slots set running = 2`);
    expect(await claim()).toBeUndefined();
    expect(await repairConcurrencyCounts(db)).toBe(1);
    await execute(db, sql`delete from job_slots`);
    await Promise.all([repairConcurrencyCounts(db), repairConcurrencyCounts(db), claim(), claim()]);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
    await claimSurely(3);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });
});

type Model = { state: string; attempt: number; lease: ClaimedJob | undefined; cancel: boolean };

describe("the queue as a whole", () => {
  it("agrees with a model over random commands", async () => {
    const command = fc.record({
      verb: fc.constantFrom("enqueue", "claim", "complete", "fail", "discard", "release", "cancel", "rescue", "heartbeat", "retry"),
      pick: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const projectId = await insertProject(db);
        const model = new Map<string, Model>();
        const running = () => [...model].filter(([, job]) => job.state === "running");
        for (const { verb, pick } of commands) {
          const ids = [...model.keys()];
          const id = ids[pick % Math.max(1, ids.length)];
          const job = id === undefined ? undefined : model.get(id);
          if (verb === "enqueue")
            model.set(await insertJob(db, projectId), { state: "available", attempt: 0, lease: undefined, cancel: false });
          if (verb === "claim") {
            const canClaim =
              running().length < 2 && [...model.values()].some(({ state }) => state === "available" || state === "retryable");
            const claimed = await claim();
            expect(claimed !== undefined).toBe(canClaim);
            const taken = claimed === undefined ? undefined : model.get(claimed.id);
            if (taken !== undefined) Object.assign(taken, { state: "running", attempt: taken.attempt + 1, lease: claimed });
          }
          if (job?.lease === undefined && !["cancel", "retry", "rescue"].includes(verb)) continue;
          const held = job?.state === "running";
          const lease = job?.lease === undefined ? { id: "none", leaseId: randomUUID(), attempt: 1 } : leaseOf(job.lease);
          if (job !== undefined && id !== undefined) {
            if (verb === "complete") {
              expect(await settleJob(db, lease, { state: "completed" })).toBe(held && !job.cancel);
              if (held && !job.cancel) job.state = "completed";
            }
            if (verb === "fail") {
              expect(await settleJob(db, lease, { state: "retryable", error: failed, delaySeconds: 0 })).toBe(held);
              if (held) job.state = job.cancel ? "cancelled" : "retryable";
            }
            if (verb === "discard") {
              expect(await settleJob(db, lease, { state: "discarded", error: failed })).toBe(held);
              if (held) job.state = job.cancel ? "cancelled" : "discarded";
            }
            if (verb === "release") {
              expect(await settleJob(db, lease, { state: "available" })).toBe(held);
              if (held) Object.assign(job, { state: job.cancel ? "cancelled" : "available", attempt: job.attempt - 1 });
            }
            if (verb === "heartbeat") {
              const ended = job.state === "completed" && job.attempt === lease.attempt ? "completed" : "lost";
              expect(await heartbeatJob(db, lease, 60)).toBe(held ? (job.cancel ? "cancelRequested" : "held") : ended);
            }
            if (verb === "cancel") {
              const isFinal = ["completed", "cancelled", "discarded"].includes(job.state);
              expect(await requestCancel(db, { jobId: id, projectId })).toBe(isFinal ? "finished" : held ? "requested" : "cancelled");
              if (!isFinal) Object.assign(job, { cancel: true, state: held ? "running" : "cancelled" });
            }
            if (verb === "retry") {
              const can = job.state === "discarded" || job.state === "cancelled";
              expect(await retryJob(db, { jobId: id, projectId, cause: { requestId: "req_retry" } })).toBe(can);
              if (can) Object.assign(job, { state: "available", attempt: 0, cancel: false });
            }
          }
          if (verb === "rescue") {
            await expireLeases(db);
            while ((await rescueJob(db)) !== undefined);
            for (const [, lost] of running()) lost.state = lost.cancel ? "cancelled" : lost.attempt >= 3 ? "discarded" : "retryable";
            await execute(db, sql`update jobs set run_at = now()`);
          }
          for (const [jobId, expected] of model)
            expect(await jobState(db, jobId)).toEqual({ state: expected.state, attempt: expected.attempt });
          expect(await wrongConcurrencyCounts(db)).toEqual([]);
        }
        await execute(db, sql`truncate jobs, job_slots`);
      }),
      { numRuns: 40, verbose: 1 },
    );
  });
});
