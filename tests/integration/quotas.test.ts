/** Quotas of exports in Postgres: exact however many exports are created at once, and in step with what exports become. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import type { QuotaOverrides } from "../../core/limits/plans.ts";
import type { ExportEstimate } from "../../core/limits/quota-status.ts";
import type { QuotaName } from "../../core/limits/quotas.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { pruneJobs } from "../../db/queue/prune-jobs.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { cancelExport } from "../../services/exports/cancel-export.ts";
import { createExport } from "../../services/exports/create-export.ts";
import { retryExport } from "../../services/exports/retry-export.ts";
import { transitionExport } from "../../services/exports/transition-export.ts";
import { chargeExport } from "../../services/limits/charge-export.ts";
import { readQuotas } from "../../services/limits/read-quotas.ts";
import { setProjectPlan } from "../../services/limits/set-project-plan.ts";
import { startEarlyHour } from "../support/early-hour.ts";
import { insertActor, manifestOf, newId } from "../support/export-rows.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase;
let db: Database;
beforeAll(async () => {
  open = await openOwnDatabase(20, startEarlyHour().prepare);
  db = open.db;
});
afterAll(() => open.close());

const request = { ...CreateBatchExport.parse({ format: "JSONL", query: { tableName: "traces" } }), name: "test" };

/** Returns the id, or the code of the refusal. */
const create = async (actor: Actor, estimate: ExportEstimate = null): Promise<string> => {
  const exportId = newId("batchExport");
  const admission = { defaultPlan: "unlimited", estimate } as const;
  try {
    await createExport(db, actor, request, { exportId, jobId: newId("job") }, { warnings: [], admission });
    return exportId;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

const complete = async (id: string, manifest: { rows: number; bytes: number }): Promise<void> => {
  await execute(db, sql`update jobs set state = 'completed', finished_at = now() where payload->>'batchExportId' = ${id}`);
  await db.transaction((tx) => transitionExport(tx, id, "PROCESSING", { attempt: 1 }));
  await db.transaction((tx) => transitionExport(tx, id, "COMPLETED", { manifest: { ...manifestOf(id), ...manifest } }));
};

const projectWith = async (overrides: QuotaOverrides): Promise<Actor> => {
  const actor = await insertActor(db);
  await setProjectPlan(db, { projectId: actor.projectId, requestId: "test", overrides });
  return actor;
};

const usedOf = async ({ projectId }: Actor): Promise<Record<QuotaName, number>> =>
  Object.fromEntries((await readQuotas(db, projectId, "unlimited")).uses.map(({ name, used }) => [name, used])) as Record<
    QuotaName,
    number
  >;

const isId = (text: string): boolean => text.startsWith("exp_");

describe("100 exports created at once", () => {
  it.each<[QuotaOverrides, ExportEstimate, number]>([
    [{ concurrentExports: 7 }, null, 7],
    [{ exportsPerHour: 13 }, null, 13],
    [{ rowsPerDay: 1050 }, { rows: 100, bytes: 1 }, 10],
    [{ bytesPerDay: 999 }, { rows: 1, bytes: 100 }, 9],
  ])("with %j make exactly what fits", async (overrides, estimate, fitting) => {
    const actor = await projectWith(overrides);
    const answers = await Promise.all(Array.from({ length: 100 }, () => create(actor, estimate)));
    expect(answers.filter(isId)).toHaveLength(fitting);
    expect(new Set(answers.filter((answer) => !isId(answer)))).toEqual(new Set(["QUOTA_EXCEEDED"]));
    const [stored] = await execute<{ exports: number; jobs: number }>(
      db,
      sql`select (select count(*)::int from batch_exports where project_id = ${actor.projectId}) as exports,
        (select count(*)::int from jobs where project_id = ${actor.projectId}) as jobs`,
    );
    expect(stored).toEqual({ exports: fitting, jobs: fitting });
  });

  it("wait for a completion that changes the same rows, and the completion does not wait for them", async () => {
    const actor = await projectWith({});
    expect(isId(await create(actor))).toBe(true);
    let waiting: Promise<string> | undefined;
    await db.transaction(async (tx) => {
      // As the runner that settles a job does, before it charges the export.
      await execute(tx, sql`update job_slots set updated_at = now() where project_id = ${actor.projectId}`);
      waiting = create(actor);
      const blocked = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await execute(db, blocked)).length === 0);
      await chargeExport(tx, actor.projectId, { rows: 1, bytes: 1 });
    });
    expect(isId((await waiting) ?? "")).toBe(true);
    expect(await usedOf(actor)).toMatchObject({ exportsPerHour: 2, rowsPerDay: 1 });
  });

  it("take nothing of another project's quotas", async () => {
    const [full, empty] = [await projectWith({ exportsPerHour: 1 }), await projectWith({ exportsPerHour: 1 })];
    expect([isId(await create(full)), await create(full), isId(await create(empty))]).toEqual([true, "QUOTA_EXCEEDED", true]);
  });
});

describe("what a project has used", () => {
  it("is what its exports take while they wait or run, and what they delivered once complete", async () => {
    const limits = { concurrentExports: 3, exportsPerHour: 8, rowsPerDay: 100 };
    const step = fc.oneof(
      fc.record({ how: fc.constant("create" as const), rows: fc.nat(60) }),
      fc.record({ how: fc.constantFrom("complete" as const, "cancel" as const, "retry" as const), rows: fc.nat(60) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const actor = await projectWith(limits);
        const active = new Map<string, number>();
        const cancelled = new Map<string, number>();
        let created = 0;
        let delivered = 0;
        const fits = (rows: number) => {
          const used = delivered + [...active.values()].reduce((sum, one) => sum + one, 0);
          return active.size < 3 && created < 8 && used < 100 && used + rows <= 100;
        };
        for (const { how, rows } of steps) {
          const [first] = how === "retry" ? cancelled : active;
          if (how === "create") {
            const answer = await create(actor, { rows, bytes: 0 });
            expect(isId(answer)).toBe(fits(rows));
            if (!isId(answer)) continue;
            active.set(answer, rows);
            created++;
          } else if (first === undefined) {
          } else if (how === "complete") {
            await complete(first[0], { rows, bytes: 1 });
            active.delete(first[0]);
            delivered += rows;
          } else if (how === "cancel") {
            expect(await cancelExport(db, actor, first[0])).toBe("cancelled");
            active.delete(first[0]);
            cancelled.set(...first);
          } else {
            const retried = await retryExport(db, actor, first[0], "unlimited").then(
              () => true,
              () => false,
            );
            expect(retried).toBe(fits(first[1]));
            if (!retried) continue;
            cancelled.delete(first[0]);
            active.set(...first);
            created++;
          }
        }
        expect(await usedOf(actor)).toMatchObject({
          concurrentExports: active.size,
          exportsPerHour: created,
          rowsPerDay: delivered + [...active.values()].reduce((sum, one) => sum + one, 0),
        });
      }),
      { numRuns: 12 },
    );
  });

  it("of earlier hours counts for the day alone, and of earlier days not at all; a deleted export gives nothing back", async () => {
    const actor = await projectWith({ exportsPerHour: 2 });
    const id = await create(actor, { rows: 5, bytes: 50 });
    await complete(id, { rows: 3, bytes: 30 });
    await execute(db, sql`delete from batch_exports where id = ${id}`);
    expect(await usedOf(actor)).toEqual({ concurrentExports: 0, exportsPerHour: 1, rowsPerDay: 3, bytesPerDay: 30 });
    const at = (hour: ReturnType<typeof sql>) =>
      execute(db, sql`update export_usage set hour = ${hour} where project_id = ${actor.projectId}`);
    await at(
      sql`date_trunc('day', now(), 'UTC') + interval '23 hours' - interval '24 hours' * (extract(hour from now() at time zone 'UTC') = 23)::int`,
    );
    expect((await usedOf(actor)).exportsPerHour).toBe(0);
    await at(sql`date_trunc('day', now(), 'UTC')`);
    expect(await usedOf(actor)).toMatchObject({ rowsPerDay: 3, bytesPerDay: 30 });
    await at(sql`date_trunc('day', now(), 'UTC') - interval '1 hour'`);
    expect(await usedOf(actor)).toMatchObject({ rowsPerDay: 0, bytesPerDay: 0 });
    await at(sql`now() - interval '31 days'`);
    await pruneJobs(db, { keepDays: 30 });
    expect(await execute(db, sql`select 1 from export_usage where project_id = ${actor.projectId}`)).toEqual([]);
  });
});
