import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportArrow } from "../../core/exports/transitions.ts";
import { type BatchExportStatus, batchExportStatuses } from "../../core/jobs/state.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { cancelExport } from "../../services/exports/cancel-export.ts";
import { findExport } from "../../services/exports/find-export.ts";
import { retryExport } from "../../services/exports/retry-export.ts";
import { type Transition, transitionExport } from "../../services/exports/transition-export.ts";
import { auditsOf, eventsOf, forceStatus, insertActor, insertExport, manifestOf } from "../support/export-rows.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase;
let db: Database;
let actor: Actor;

beforeAll(async () => {
  open = await openOwnDatabase(10);
  db = open.db;
  actor = await insertActor(db);
});
afterAll(() => open.close());

const error = { code: "INTERNAL", message: "broken\u0000" };

/** What can be asked of an export. */
const steps = {
  start: { to: "PROCESSING", run: (tx: Database, id: string) => transitionExport(tx, id, "PROCESSING", { attempt: 1 }) },
  release: { to: "QUEUED", run: (tx: Database, id: string) => transitionExport(tx, id, "QUEUED", { error: null }) },
  failAttempt: { to: "QUEUED", run: (tx: Database, id: string) => transitionExport(tx, id, "QUEUED", { error }) },
  retry: { to: "QUEUED", run: (tx: Database, id: string) => transitionExport(tx, id, "QUEUED", { by: actor }) },
  complete: { to: "COMPLETED", run: (tx: Database, id: string) => transitionExport(tx, id, "COMPLETED", { manifest: manifestOf(id) }) },
  fail: { to: "FAILED", run: (tx: Database, id: string) => transitionExport(tx, id, "FAILED", { error }) },
  cancelByRunner: { to: "CANCELLED", run: (tx: Database, id: string) => transitionExport(tx, id, "CANCELLED", {}) },
  cancelByPerson: { to: "CANCELLED", run: (tx: Database, id: string) => transitionExport(tx, id, "CANCELLED", { by: actor }) },
} as const satisfies Record<string, { to: BatchExportStatus; run: (tx: Database, id: string) => Promise<Transition> }>;
type Step = keyof typeof steps;
const stepNames = Object.keys(steps) as Step[];

/** The state machine once more, in the words of a reader: what follows from a status by a step, with what is told of it. */
const model = (from: BatchExportStatus, step: Step): { status: BatchExportStatus; audit: string | null; event: string } | null => {
  const isOver = from === "COMPLETED" || from === "FAILED" || from === "CANCELLED";
  switch (step) {
    case "start":
      return isOver ? null : { status: "PROCESSING", audit: null, event: "export.started" };
    case "release":
    case "failAttempt":
      return isOver ? null : { status: "QUEUED", audit: null, event: "export.queued" };
    case "retry":
      return from === "FAILED" || from === "CANCELLED" ? { status: "QUEUED", audit: "API_KEY retry", event: "export.queued" } : null;
    case "complete":
      return from === "PROCESSING" ? { status: "COMPLETED", audit: "RUNNER complete", event: "export.completed" } : null;
    case "fail":
      return isOver ? null : { status: "FAILED", audit: "RUNNER fail", event: "export.failed" };
    case "cancelByRunner":
      return isOver ? null : { status: "CANCELLED", audit: "RUNNER cancelled", event: "export.cancelled" };
    case "cancelByPerson":
      return isOver ? null : { status: "CANCELLED", audit: "API_KEY cancel", event: "export.cancelled" };
  }
};

const take = (step: Step, id: string) => db.transaction((tx) => steps[step].run(tx, id));
const textOf = async (id: string) => JSON.stringify(await findExport(db, actor.projectId, id));

describe("every step from every status", () => {
  it.each(batchExportStatuses.flatMap((from) => stepNames.map((step) => [from, step] as const)))("%s: %s", async (from, step) => {
    const { exportId } = await insertExport(db, actor);
    await forceStatus(db, exportId, from);
    const before = await textOf(exportId);
    const expected = model(from, step);
    const result = await take(step, exportId);
    const events = await eventsOf(db, exportId);
    if (expected === null) {
      expect(result).toEqual({ outcome: "refused", from });
      expect(await textOf(exportId)).toBe(before);
      expect(events.map(({ type }) => type)).toEqual(["export.queued"]);
      expect(await auditsOf(db, exportId)).toEqual(["API_KEY create"]);
      return;
    }
    expect(result).toEqual({ outcome: "moved", from, eventId: events[1]?.id });
    expect((await findExport(db, actor.projectId, exportId))?.status).toBe(expected.status);
    expect(events.map(({ type }) => type)).toEqual(["export.queued", expected.event]);
    expect(await auditsOf(db, exportId)).toEqual(["API_KEY create", ...(expected.audit === null ? [] : [expected.audit])]);
  });

  it("of an export that is not there writes nothing", async () => {
    for (const step of stepNames) expect(await take(step, "exp_absent")).toEqual({ outcome: "absent" });
    expect(await eventsOf(db, "exp_absent")).toEqual([]);
  });
});

describe("columns", () => {
  it("that belong to the arrow are written, and no others stay from before", async () => {
    const { exportId } = await insertExport(db, actor, { expiresAfterHours: 5 });
    const row = async () => findExport(db, actor.projectId, exportId);
    await take("start", exportId);
    const started = await row();
    expect(started?.startedAt).not.toBeNull();
    await take("failAttempt", exportId);
    expect(await row()).toMatchObject({ status: "QUEUED", errorCode: "INTERNAL", log: "broken\ufffd", startedAt: started?.startedAt });
    await take("cancelByPerson", exportId);
    expect(await row()).toMatchObject({ status: "CANCELLED", errorCode: "INTERNAL" });
    await take("retry", exportId);
    expect(await row()).toMatchObject({ status: "QUEUED", errorCode: null, log: null, startedAt: null, finishedAt: null });
    await take("start", exportId);
    await take("complete", exportId);
    const done = await row();
    expect(done).toMatchObject({ status: "COMPLETED", rows: 3, bytes: 30, truncated: false, errorCode: null });
    expect((done?.expiresAt?.getTime() ?? 0) - (done?.finishedAt?.getTime() ?? 0)).toBe(5 * 3_600_000);
    const [event] = (await eventsOf(db, exportId)).filter(({ type }) => type === "export.completed");
    expect(event?.payload).toEqual({
      batchExportId: exportId,
      name: "test",
      rows: 3,
      bytes: 30,
      truncated: false,
      expiresAt: done?.expiresAt?.toISOString(),
    });
    expect(event?.id).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it("of cancelling and retrying through the services are the same", async () => {
    const { exportId } = await insertExport(db, actor);
    expect(await cancelExport(db, actor, exportId)).toBe("cancelled");
    expect(await cancelExport(db, actor, exportId)).toBe("finished");
    expect(await retryExport(db, actor, exportId, "unlimited")).toMatchObject({ outcome: "queued" });
    expect(await retryExport(db, actor, exportId, "unlimited")).toEqual({ outcome: "notRetryable" });
    expect(await auditsOf(db, exportId)).toEqual(["API_KEY create", "API_KEY cancel", "API_KEY retry"]);
    expect((await eventsOf(db, exportId)).map(({ type, payload }) => `${type} ${payload.cause ?? ""}`)).toEqual([
      "export.queued created",
      "export.cancelled ",
      "export.queued retried",
    ]);
  });
});

describe("random walks", () => {
  it("come to the status of the model, with its audit rows and events in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...stepNames), { maxLength: 12 }), async (walk) => {
        const { exportId } = await insertExport(db, actor);
        let status: BatchExportStatus = "QUEUED";
        const audits = ["API_KEY create"];
        const events = ["export.queued"];
        for (const step of walk) {
          const expected = model(status, step);
          expect((await take(step, exportId)).outcome).toBe(expected === null ? "refused" : "moved");
          if (expected === null) continue;
          status = expected.status;
          events.push(expected.event);
          if (expected.audit !== null) audits.push(expected.audit);
        }
        expect((await findExport(db, actor.projectId, exportId))?.status).toBe(status);
        expect(await auditsOf(db, exportId)).toEqual(audits);
        expect((await eventsOf(db, exportId)).map(({ type }) => type)).toEqual(events);
      }),
      { numRuns: 60 },
    );
  });

  it("of many at once on one export are one walk, in the order of the positions", async () => {
    const statusOf: Record<string, BatchExportStatus> = {
      "export.queued": "QUEUED",
      "export.started": "PROCESSING",
      "export.completed": "COMPLETED",
      "export.failed": "FAILED",
      "export.cancelled": "CANCELLED",
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...stepNames), { minLength: 8, maxLength: 24 }), async (all) => {
        const { exportId } = await insertExport(db, actor);
        await Promise.all(all.map((step) => take(step, exportId)));
        const statuses = (await eventsOf(db, exportId)).map(({ type }) => statusOf[type] ?? "QUEUED");
        for (const [index, to] of statuses.slice(1).entries()) expect(exportArrow(statuses[index] ?? "QUEUED", to)).toBeDefined();
        expect((await findExport(db, actor.projectId, exportId))?.status).toBe(statuses.at(-1));
      }),
      { numRuns: 15 },
    );
  });
});

describe("one transaction", () => {
  it.each([
    ["audit_logs", "action <> 'fail'"],
    ["outbox", "type <> 'export.failed'"],
    ["outbox_deliveries", "false"],
  ])("holds status, audit row and event: what %s refuses is not there at all", async (table, condition) => {
    const { exportId } = await insertExport(db, actor);
    await take("start", exportId);
    const before = [await textOf(exportId), await auditsOf(db, exportId), await eventsOf(db, exportId)];
    await execute(db, sql.raw(`alter table ${table} add constraint refuses check (${condition}) not valid`));
    try {
      await expect(take("fail", exportId)).rejects.toThrow();
      expect([await textOf(exportId), await auditsOf(db, exportId), await eventsOf(db, exportId)]).toEqual(before);
    } finally {
      await execute(db, sql.raw(`alter table ${table} drop constraint refuses`));
    }
    expect((await take("fail", exportId)).outcome).toBe("moved");
  });

  it("that the caller rolls back leaves nothing", async () => {
    const { exportId } = await insertExport(db, actor);
    const before = await textOf(exportId);
    await expect(
      db.transaction(async (tx) => {
        await steps.cancelByPerson.run(tx, exportId);
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await textOf(exportId)).toBe(before);
    expect(await eventsOf(db, exportId)).toHaveLength(1);
  });
});

describe("ids that the database makes", () => {
  it("look like ours and sort by time", async () => {
    const rows = await execute<{ id: string }>(db, sql`select new_id('evt') as id, pg_sleep(0.002) from generate_series(1, 50)`);
    const ids = rows.map(({ id }) => id);
    for (const id of ids) expect(id).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(new Set(ids).size).toBe(50);
    expect(ids.map((id) => id.slice(0, 14))).toEqual(ids.map((id) => id.slice(0, 14)).toSorted());
  });
});
