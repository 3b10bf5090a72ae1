import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { claimBatch, type JobBatch } from "../../db/queue/claim-batch.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { measureQueue } from "../../db/queue/measure-queue.ts";
import { lossesMax, rescueJob } from "../../db/queue/rescue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { claimUnlimitedJob } from "../support/claim-job.ts";
import { newId } from "../support/fixture.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { insertProject } from "../support/project.ts";

let open: OpenDatabase;
let db: Database;

beforeAll(async () => {
  open = await openOwnDatabase(10);
  db = open.db;
});
afterAll(() => open.close());
beforeEach(async () => {
  await execute(db, sql`truncate organizations cascade`);
  await execute(db, sql`truncate jobs, claim_clock`);
});

const claim = (jobsMax: number): Promise<JobBatch | undefined> =>
  claimBatch(db, { kind: "ingestion.merge", jobsMax, claimedBy: "test", leaseSeconds: 60 });

const claimSurely = async (jobsMax: number): Promise<JobBatch> => {
  const batch = await claim(jobsMax);
  if (batch === undefined) throw new Error("nothing to claim");
  return batch;
};

const finish = ({ leaseId, jobs }: JobBatch): Promise<number> =>
  settleBatch(db, leaseId, { doneIds: jobs.map(({ id }) => id), failed: [], released: [] });

/** One job for each ordering key named. */
const enqueue = async (projectId: string, keys: readonly string[]): Promise<string[]> => {
  const jobs = keys.map((key) => ({
    id: newId("job"),
    kind: "ingestion.merge" as const,
    orderingKey: `${projectId}/${key}`,
    payload: { entityType: "trace" as const, entityId: key, fileKey: key, source: "api" as const },
  }));
  await enqueueEventJobs(db, projectId, jobs);
  return jobs.map(({ id }) => id);
};

const orderingKeys = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`);

/** The runners of all batches are gone, and all that waits is due. */
const loseRunners = async (): Promise<void> => {
  await execute(db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
  while ((await rescueJob(db)) !== undefined);
  await execute(db, sql`update jobs set run_at = now() where finished_at is null`);
};

describe("projects", () => {
  it("take turns: hundreds of jobs of some do not hold up another's", async () => {
    for (let busy = 0; busy < 5; busy++) await enqueue(await insertProject(db), orderingKeys(300));
    const few = await enqueue(await insertProject(db), orderingKeys(3));
    const { jobs } = await claimSurely(50);
    expect(jobs).toHaveLength(50);
    expect(jobs.flatMap(({ id }) => (few.includes(id) ? [id] : [])).toSorted()).toEqual(few.toSorted());
  });

  it("that are more than a batch holds do not hold up one whose work is younger", async () => {
    for (let busy = 0; busy < 12; busy++) await enqueue(await insertProject(db), orderingKeys(40));
    await execute(db, sql`update jobs set run_at = now() - interval '1 hour'`);
    const [young] = await enqueue(await insertProject(db), orderingKeys(1));
    const claimed: string[] = [];
    // In each claim it has ten chances of thirteen: twenty without it come once in five thousand billion runs.
    for (let batch = 0; batch < 20; batch++) claimed.push(...(await claimSurely(10)).jobs.map(({ id }) => id));
    expect(claimed).toContain(young);
  });

  it("are not held up by another's older work because a runner of theirs was lost", async () => {
    const few = await enqueue(await insertProject(db), orderingKeys(1));
    await claimSurely(1);
    await loseRunners();
    const [lost] = few;
    const [fresh] = await execute<{ projectId: string }>(db, sql`select project_id as "projectId" from jobs`);
    few.push(...(await enqueue(fresh?.projectId ?? "", ["fresh"])));
    await enqueue(await insertProject(db), orderingKeys(300));
    await execute(db, sql`update jobs set run_at = now() - interval '1 hour' where id not in (${few[0]}, ${few[1]})`);
    const batches = [await claimSurely(10), await claimSurely(10)];
    expect(batches.flatMap(({ jobs }) => jobs.flatMap(({ id }) => (few.includes(id) ? [id] : []))).toSorted()).toEqual(few.toSorted());
    expect(batches.map(({ jobs }) => new Set(jobs.map(({ losses }) => losses)).size)).toEqual([1, 1]);
    expect(batches.find(({ jobs }) => jobs.some(({ id }) => id === lost))?.jobs).toHaveLength(1);
  });

  it("take turns with what has no ordering key, too", async () => {
    const [busy, quiet] = [await insertProject(db), await insertProject(db)].toSorted();
    const requests = (projectId: string, count: number) =>
      enqueueEventJobs(
        db,
        projectId,
        Array.from({ length: count }, () => ({ id: newId("job"), kind: "ingestion.otel", orderingKey: null, payload: { fileKey: "key" } })),
      );
    await requests(busy ?? "", 20);
    await execute(db, sql`update jobs set run_at = now() - interval '1 hour'`);
    await requests(quiet ?? "", 2);
    const claimed: string[] = [];
    for (let afterProjectId = ""; ; ) {
      const job = await claimUnlimitedJob(db, { kind: "ingestion.otel", afterProjectId, claimedBy: "test", leaseSeconds: 60 });
      if (job === undefined) break;
      claimed.push(job.projectId === quiet ? "quiet" : "busy");
      afterProjectId = job.projectId;
    }
    expect(claimed.slice(0, 4)).toEqual(["busy", "quiet", "busy", "quiet"]);
    expect(claimed).toHaveLength(22);
  });

  it("lose no job and no ordering key to their turns, with every size of batch", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (projects, jobsMax) => {
          const expected: string[] = [];
          for (const keyNumbers of projects)
            expected.push(
              ...(await enqueue(
                await insertProject(db),
                keyNumbers.map((number) => `key-${number}`),
              )),
            );
          const done: string[] = [];
          let running: JobBatch[] = [];
          for (let idle = 0; idle < 2; ) {
            const batch = await claim(jobsMax);
            const busy = new Set(running.flatMap(({ jobs }) => jobs.map(({ orderingKey }) => orderingKey)));
            if (batch === undefined) {
              idle = running.length === 0 ? idle + 1 : idle;
              for (const one of running) {
                await finish(one);
                done.push(...one.jobs.map(({ id }) => id));
              }
              running = [];
              continue;
            }
            for (const { orderingKey } of batch.jobs) expect(busy).not.toContain(orderingKey);
            expect(batch.jobs.length).toBeLessThanOrEqual(jobsMax);
            running.push(batch);
          }
          expect(done.toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: 25 },
    ));

  it("are all in the measure of the queue, with the oldest job of any", async () => {
    const [first, second] = [await insertProject(db), await insertProject(db)];
    await enqueue(first, orderingKeys(4));
    await enqueue(second, orderingKeys(2));
    await execute(
      db,
      sql`update jobs set run_at = now() - interval '90 seconds' where project_id = ${[first, second].toSorted()[1] ?? ""}`,
    );
    const [measured] = (await measureQueue(db)).filter(({ kind }) => kind === "ingestion.merge");
    expect(measured?.due).toBe(6);
    expect(measured?.oldestSeconds).toBeGreaterThanOrEqual(90);
    expect(measured?.oldestSeconds).toBeLessThan(600);
  });
});

describe("the instant of a claim", () => {
  it("is later than that of every claim before, also when the clock was ahead of itself", async () => {
    const projectId = await insertProject(db);
    await enqueue(projectId, orderingKeys(8));
    const claims = await Promise.all(Array.from({ length: 4 }, () => claimSurely(1)));
    await execute(db, sql`update claim_clock set claimed_at = claimed_at + interval '1 hour'`);
    const [row] = await execute<{ ahead: string }>(
      db,
      sql`select to_char(claimed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ahead from claim_clock`,
    );
    const after = [await claimSurely(1), await claimSurely(1)];
    const instants = [...claims.map(({ claimedAt }) => claimedAt).toSorted(), row?.ahead ?? "", ...after.map(({ claimedAt }) => claimedAt)];
    // To the millisecond: the legacy tables keep no more of it.
    const milliseconds = instants.map((instant) => instant.slice(0, 23));
    expect(instants).toEqual(instants.toSorted());
    expect(new Set(instants).size).toBe(instants.length);
    expect(new Set(milliseconds.slice(4)).size).toBe(3);
  });
});

describe("a batch given back in the middle of its work", () => {
  it("spends no attempt, and what comes after it knows that it was begun", async () => {
    await enqueue(await insertProject(db), orderingKeys(2));
    const { leaseId, jobs } = await claimSurely(10);
    await settleBatch(db, leaseId, {
      doneIds: [],
      failed: [],
      released: jobs.map(({ id }) => ({ id, orderingKey: null, isInterrupted: true })),
    });
    const again = await claimSurely(10);
    expect(again.jobs).toMatchObject([1, 2].map(() => ({ attempt: 1, losses: 1 })));
    await settleBatch(db, again.leaseId, { doneIds: [], failed: [], released: jobs.map(({ id }) => ({ id, orderingKey: null })) });
    expect((await claimSurely(10)).jobs).toMatchObject([1, 2].map(() => ({ attempt: 1, losses: 1 })));
  });
});

describe("a lost runner", () => {
  it("costs no attempt", async () => {
    await enqueue(await insertProject(db), orderingKeys(1));
    for (let losses = 1; losses < lossesMax; losses++) {
      expect((await claimSurely(10)).jobs).toMatchObject([{ attempt: 1 }]);
      await loseRunners();
    }
    expect(await finish(await claimSurely(10))).toBe(1);
  });

  it.each(["ingestion.otel", "data.delete"] as const)("costs an accepted job of the kind %s no attempt either", async (kind) => {
    const job = { id: newId("job"), projectId: await insertProject(db) };
    await (kind === "ingestion.otel"
      ? enqueueJob(db, { ...job, kind, payload: { fileKey: "key" } })
      : enqueueJob(db, { ...job, kind, payload: { scope: "project" } }));
    const next = () => claimUnlimitedJob(db, { kind, afterProjectId: "", claimedBy: "test", leaseSeconds: 60 });
    for (let losses = 1; losses < lossesMax; losses++) {
      expect(await next()).toMatchObject({ attempt: 1 });
      await loseRunners();
    }
    expect(await next()).toMatchObject({ attempt: 1 });
  });

  it("takes down no neighbours: the job that ends it comes to be alone, and is a dead letter in the end", async () => {
    const ids = await enqueue(await insertProject(db), orderingKeys(64));
    const poison = ids[23] ?? "";
    const done = new Set<string>();
    let lost = 0;
    for (let batch = await claim(16); batch !== undefined; batch = await claim(16)) {
      if (batch.jobs.some(({ id }) => id === poison)) {
        lost++;
        await loseRunners();
        continue;
      }
      await finish(batch);
      for (const { id } of batch.jobs) done.add(id);
    }
    expect(lost).toBe(lossesMax);
    expect(done).toEqual(new Set(ids.filter((id) => id !== poison)));
    const left = await execute(db, sql`select id, state, last_error ->> 'code' as code from jobs`);
    expect(left).toEqual([{ id: poison, state: "discarded", code: "RUNNER_LOST" }]);
  });
});
