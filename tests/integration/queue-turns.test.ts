/** Turns among projects, and limits, over random interleavings of several runners. Each statement of a runner is one step. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../db/postgres/client.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { claimBatch } from "../../db/queue/claim-batch.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { settleJobs } from "../../db/queue/settle-job.ts";
import { createRoundRobin } from "../../runner/queue/single-job-loops.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { expireLeases, insertProject, wrongConcurrencyCounts } from "../support/project.ts";

let open: OpenDatabase;
let db: Database;

beforeAll(async () => {
  open = await openOwnDatabase(10);
  db = open.db;
});
afterAll(() => open.close());
beforeEach(() => execute(db, sql`truncate organizations, jobs, job_slots, claim_clock cascade`));

const lease = { claimedBy: "test", leaseSeconds: 60 };
const numRuns = 25;

const insertJobs = async (projectId: string, kind: string, jobs: number, { lane = false, losses = 0 } = {}): Promise<void> => {
  await execute(db, sql`insert into job_slots (project_id) values (${projectId}) on conflict do nothing`);
  await execute(
    db,
    sql`insert into jobs (kind, project_id, payload, state, priority, max_attempts, has_slot, lane, losses)
      select ${kind}, ${projectId}, '{}', 'available', 100, 1000, ${kind === "export.run"}, ${lane ? sql`gen_random_uuid()::text` : sql`null`}, ${losses}
      from generate_series(1, ${jobs})`,
  );
};

/** One project with many jobs, the others with few. */
const insertProjects = async (kind: string, few: readonly number[]): Promise<string[]> => {
  const ids = await Promise.all([0, ...few].map(() => insertProject(db)));
  for (const [at, id] of ids.entries()) await insertJobs(id, kind, [60, ...few][at] ?? 0);
  return ids;
};

type ProjectState = { waiting: boolean; running: number };

const projectStates = async (): Promise<Map<string, ProjectState>> => {
  const rows = await execute<ProjectState & { id: string }>(
    db,
    sql`select project_id as id, bool_or(state in ('available', 'retryable') and run_at <= now()) as waiting,
      (count(*) filter (where state = 'running'))::int as running from jobs group by project_id`,
  );
  return new Map(rows.map((row) => [row.id, row]));
};

/** How many claims in a row have passed over each project, although it could have been served. */
const countPasses = (max: number) => {
  const passes = new Map<string, number>();
  return (eligibleIds: readonly string[], servedIds: ReadonlySet<string>): void => {
    for (const id of passes.keys()) if (!eligibleIds.includes(id) || servedIds.has(id)) passes.delete(id);
    for (const id of eligibleIds) if (!servedIds.has(id)) passes.set(id, (passes.get(id) ?? 0) + 1);
    expect(Math.max(0, ...passes.values())).toBeLessThanOrEqual(max);
  };
};

const projectsOf = (jobs: readonly { projectId: string }[]): Set<string> => new Set(jobs.map(({ projectId }) => projectId));

const command = fc.record({
  verb: fc.constantFrom("claim", "claim", "claim", "settle", "settle", "fail", "enqueue", "lose"),
  runner: fc.nat(2),
  places: fc.integer({ min: 1, max: 8 }),
  pick: fc.nat(1000),
});
const few = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 });
const outcomes = {
  settle: { state: "completed" },
  fail: { state: "retryable", error: { code: "INTERNAL", message: "x" }, delaySeconds: 0 },
} as const;

/** Settles some jobs of one runner together, as it does what ends at the same instant. Returns those that it has left. */
const settleSome = async (held: readonly ClaimedJob[], verb: "settle" | "fail", places: number): Promise<ClaimedJob[]> => {
  await settleJobs(
    db,
    held.slice(0, places).map(({ id, leaseId, kind }) => ({ id, leaseId, kind, outcome: outcomes[verb] })),
  );
  return held.slice(places);
};

const loseAll = async (): Promise<void> => {
  await expireLeases(db);
  while ((await rescueJob(db)) !== undefined);
  await execute(db, sql`update jobs set run_at = now() where state = 'retryable'`);
};

describe("kinds with a limit per project", () => {
  const claim = (jobsMax: number, projectRunningMax: number) =>
    claimLimitedJobs(db, { ...lease, kinds: ["export.run"], jobsMax, projectRunningMax });

  it("never run more of a project than its limit, and pass over a project fewer times than there are projects", async () => {
    const limits = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(few, limits, fc.array(command, { maxLength: 40 }), async (sizes, limit, commands) => {
        const ids = await insertProjects("export.run", sizes);
        const held: ClaimedJob[][] = [[], [], []];
        const counted = countPasses(ids.length - 1);
        for (const { verb, runner, places, pick } of commands) {
          const own = held[runner] ?? [];
          if (verb === "claim") {
            const before = await projectStates();
            const eligible = ids.filter((id) => before.get(id)?.waiting === true && (before.get(id)?.running ?? 0) < limit);
            const jobs = await claim(places, limit);
            expect(jobs.length > 0).toBe(eligible.length > 0);
            expect(jobs.length).toBeLessThanOrEqual(places);
            counted(eligible, projectsOf(jobs));
            own.push(...jobs);
          }
          if (verb === "settle" || verb === "fail") held[runner] = await settleSome(own, verb, places);
          if (verb === "enqueue") await insertJobs(ids[pick % ids.length] ?? "", "export.run", places);
          if (verb === "lose") await loseAll();
          for (const { running } of (await projectStates()).values()) expect(running).toBeLessThanOrEqual(limit);
          expect(await wrongConcurrencyCounts(db)).toEqual([]);
        }
        await execute(db, sql`truncate organizations, jobs, job_slots cascade`);
      }),
      { numRuns },
    );
  });

  it("never run more of a project than its limit while runners claim and settle at the same instant, and run every job once", async () => {
    const ids = await insertProjects("export.run", [1, 1, 2, 3, 20, 20]);
    const done: string[] = [];
    let worst = 0;
    const runner = async (places: number) => {
      for (let empty = 0; empty < 200 && done.length < 107; ) {
        const jobs = await claim(places, 2);
        for (const { running } of (await projectStates()).values()) worst = Math.max(worst, running);
        const settled = await settleJobs(
          db,
          jobs.map(({ id, leaseId, kind }) => ({ id, leaseId, kind, outcome: outcomes.settle })),
        );
        expect(settled.size).toBe(jobs.length);
        done.push(...jobs.map(({ id }) => id));
        empty = jobs.length === 0 ? empty + 1 : 0;
      }
    };
    await Promise.all([1, 2, 3, 5, 8, 8].map(runner));
    expect([done.length, new Set(done).size, worst, ids.length]).toEqual([107, 107, 2, 7]);
    expect(await wrongConcurrencyCounts(db)).toEqual([]);
  });
});

describe("kinds without a limit", () => {
  it("reach every project within two rounds of one runner's claims, whoever else claims", async () => {
    await fc.assert(
      fc.asyncProperty(few, fc.array(command, { maxLength: 40 }), async (sizes, commands) => {
        const ids = await insertProjects("mail.send", sizes);
        const concurrency = 8;
        const runners = [0, 1, 2].map(() => ({
          turns: createRoundRobin(db, "mail.send", { ...lease, concurrency }),
          counted: countPasses(2 * (ids.length + 1)),
          held: [] as ClaimedJob[],
        }));
        for (const { verb, runner, places, pick } of commands) {
          const own = runners[runner];
          if (own === undefined) continue;
          const free = Math.min(places, concurrency - own.held.length);
          if (verb === "claim" && free > 0) {
            const before = await projectStates();
            const runningHere = (id: string) => own.held.filter(({ projectId }) => projectId === id).length;
            const jobs = await own.turns.claim(free);
            expect(jobs.length).toBeLessThanOrEqual(free);
            for (const { projectId } of jobs) own.turns.began(projectId);
            own.counted(
              ids.filter((id) => before.get(id)?.waiting === true && runningHere(id) < concurrency - 1),
              projectsOf(jobs),
            );
            own.held.push(...jobs);
            for (const id of ids) expect(runningHere(id)).toBeLessThan(concurrency);
          }
          if (verb === "settle" || verb === "fail") {
            for (const { projectId } of own.held.slice(0, places)) own.turns.ended(projectId);
            own.held = await settleSome(own.held, verb, places);
          }
          if (verb === "enqueue") await insertJobs(ids[pick % ids.length] ?? "", "mail.send", places);
        }
        await execute(db, sql`truncate organizations, jobs, job_slots cascade`);
      }),
      { numRuns },
    );
  });

  it("give runners that claim at the same instant different jobs, and none of them nothing", async () => {
    for (let n = 0; n < 40; n++) await insertJobs(await insertProject(db), "mail.send", 1);
    const claims = [1, 2, 3, 4].map(() => createRoundRobin(db, "mail.send", { ...lease, concurrency: 8 }).claim(8));
    const jobs = await Promise.all(claims);
    expect(jobs.map(({ length }) => length)).toEqual([8, 8, 8, 8]);
    expect(new Set(jobs.flat().map(({ id }) => id)).size).toBe(32);
  });
});

describe("kinds claimed in batches", () => {
  it("reach every project of each number of losses within one round of claims", async () => {
    const sizes = fc.array(fc.record({ jobs: fc.integer({ min: 1, max: 4 }), losses: fc.nat(2) }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (projects, jobsMax) => {
        const ids = await Promise.all([{ jobs: 30, losses: 0 }, ...projects].map(() => insertProject(db)));
        for (const [at, id] of ids.entries()) {
          const { jobs, losses } = [{ jobs: 30, losses: 0 }, ...projects][at] ?? { jobs: 0, losses: 0 };
          await insertJobs(id, "ingestion.merge", jobs, { lane: true, losses });
        }
        // Three levels take turns. In the worst case a batch of a level holds one job.
        const counted = countPasses(3 * ids.length);
        for (;;) {
          const before = await projectStates();
          const batch = await claimBatch(db, { ...lease, kind: "ingestion.merge", jobsMax });
          if (batch === undefined) break;
          counted(
            ids.filter((id) => before.get(id)?.waiting === true),
            projectsOf(batch.jobs),
          );
          await settleBatch(db, batch.leaseId, { doneIds: batch.jobs.map(({ id }) => id), failed: [], released: [] });
        }
        expect(await execute(db, sql`select 1 from jobs`)).toEqual([]);
        await execute(db, sql`truncate organizations, jobs, job_slots, claim_clock cascade`);
      }),
      { numRuns: 10 },
    );
  });
});

describe("a project with one waiting job, beside others with many", () => {
  type Claims = (jobsMax: number) => Promise<{ projectIds: readonly string[]; settle: () => Promise<unknown> }>;
  const single = (jobs: readonly ClaimedJob[]) => ({
    projectIds: jobs.map(({ projectId }) => projectId),
    settle: () => settleSome(jobs, "settle", jobs.length),
  });
  const ways: { kind: string; bound: (projects: number) => number; runner: () => Claims }[] = [
    {
      kind: "export.run",
      bound: (projects) => projects,
      runner: () => async (jobsMax) =>
        single(await claimLimitedJobs(db, { ...lease, kinds: ["export.run"], jobsMax, projectRunningMax: 2 })),
    },
    {
      kind: "mail.send",
      bound: (projects) => 2 * (projects + 1),
      runner: () => {
        const turns = createRoundRobin(db, "mail.send", { ...lease, concurrency: 8 });
        return async (jobsMax) => single(await turns.claim(jobsMax));
      },
    },
    {
      kind: "ingestion.merge",
      bound: (projects) => projects,
      runner: () => async (jobsMax) => {
        const batch = await claimBatch(db, { ...lease, kind: "ingestion.merge", jobsMax });
        const jobs = batch?.jobs ?? [];
        const doneIds = jobs.map(({ id }) => id);
        return {
          projectIds: jobs.map(({ projectId }) => projectId),
          settle: () => settleBatch(db, batch?.leaseId ?? "", { doneIds, failed: [], released: [] }),
        };
      },
    },
  ];

  it.each(ways)("is served within a bounded number of a runner's claims: $kind", async ({ kind, bound, runner }) => {
    const claims = fc.array(fc.record({ by: fc.nat(1), jobsMax: fc.integer({ min: 1, max: 2 }) }), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), claims, async (many, few, steps) => {
        const ids = await Promise.all(Array.from({ length: many + few }, () => insertProject(db)));
        const ones = new Set(ids.slice(many));
        for (const id of ids) await insertJobs(id, kind, ones.has(id) ? 1 : 80, { lane: kind === "ingestion.merge" });
        const runners = [runner(), runner()];
        const asked = [0, 0];
        for (const { by, jobsMax } of steps) {
          const claimed = await runners[by]?.(jobsMax);
          await claimed?.settle();
          for (const id of claimed?.projectIds ?? []) ones.delete(id);
          asked[by] = (asked[by] ?? 0) + 1;
          if (Math.max(...asked) >= bound(ids.length)) expect([...ones]).toEqual([]);
        }
        await execute(db, sql`truncate organizations, jobs, job_slots, claim_clock cascade`);
      }),
      { numRuns: 8 },
    );
  });
});
