import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { cancelExport } from "../../services/exports/cancel-export.ts";
import { deleteExport } from "../../services/exports/delete-export.ts";
import { expireExports } from "../../services/exports/expire-exports.ts";
import { rerunExport } from "../../services/exports/rerun-export.ts";
import { retryExport } from "../../services/exports/retry-export.ts";
import { eventually } from "../support/eventually.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { type MailBox, startMailBox } from "../support/mail-box.ts";
import { type QueryHook, startQueryHook } from "../support/query-hook.ts";
import { tableCases } from "../support/table-cases.ts";

let fixture: Fixture;
let box: MailBox;
let hook: QueryHook;
let runner: { stop: () => Promise<void> };

const swept = {
  SPILLWAY_SWEEP_SECONDS: "0.2",
  SPILLWAY_SWEEP_GRACE_SECONDS: "0",
  SPILLWAY_EXPIRY_GRACE_SECONDS: "0",
  SPILLWAY_PUBLIC_URL: "https://spillway.example/",
};

beforeAll(async () => {
  fixture = await createFixture();
  box = await startMailBox();
  hook = await startQueryHook(fixture.clickhouseUrl);
  await tableCases.traces.insert(
    fixture,
    Array.from({ length: 50 }, (_, i) => tableCases.traces.make(fixture, i, "x")),
  );
  runner = fixture.startRunner({
    ...swept,
    CLICKHOUSE_URL: hook.url,
    SMTP_CONNECTION_URL: box.url,
    EMAIL_FROM_ADDRESS: "exports@spillway.example",
  });
});
afterAll(async () => {
  await runner.stop();
  await box.stop();
  hook.stop();
  await fixture.stop();
});

const body = { format: "JSONL", query: { tableName: "traces" } };
const completed = async (more: object = {}) => fixture.finished(await fixture.requestExport({ ...body, ...more }));
const exists = async (key: string): Promise<boolean> => (await fixture.s3.send({ method: "HEAD", key, accept: [404] })).status === 200;
/** The sweep has run since this was called. */
const sweep = async (): Promise<void> => {
  const key = newId("job");
  await execute(
    fixture.db,
    sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, updated_at)
      values ('exp_swept', ${fixture.projectId}, 'job_gone', gen_random_uuid(), ${fixture.s3Config.bucket}, ${key}, now() - interval '1 hour')`,
  );
  const removed = () => execute(fixture.db, sql`select 1 from export_objects where key = ${key} and state = 'removed'`);
  await eventually("the sweep has run", async () => (await removed()).length > 0);
};

describe("mail", () => {
  it("tells the user of the key that an export is complete, with a link to the download route and no signed address", async () => {
    const row = await completed({ name: 'Nightly <b>"traces"</b>\r\nBcc: evil@example.com' });
    const mail = await box.find(new RegExp(row.id));
    const [user] = await execute<{ email: string }>(fixture.db, sql`select email from users where id = ${fixture.userId}`);
    expect(mail.to).toEqual([user?.email]);
    expect(mail.raw).toContain(`https://spillway.example/api/public/batch-exports/${row.id}/download`);
    expect(mail.raw).not.toMatch(/X-Amz|^Bcc:/m);
    expect(mail.raw).toMatch(/Content-Type: text\/plain/);
    expect(mail.raw).toMatch(/Content-Type: text\/html/);
    expect(mail.raw.slice(mail.raw.indexOf("<!doctype"))).not.toContain("<b>");
  });

  it("tells of a failure, with its code and what to do", async () => {
    const row = await fixture.finished(
      await fixture.requestExport({
        format: "CSV",
        name: "Will fail",
        query: { tableName: "traces", privacy: [{ path: "userId", action: "hash" }] },
      }),
    );
    expect(row).toMatchObject({ status: "FAILED", errorCode: "HASHING_DISABLED" });
    const mail = await box.find(/Subject: Your export failed: Will fail/);
    expect(mail.raw).toContain("HASHING_DISABLED");
  });

  it("announces that files are about to be deleted, once", async () => {
    const row = await completed({ name: "Soon gone" });
    await execute(fixture.db, sql`update batch_exports set expires_at = now() + interval '20 minutes' where id = ${row.id}`);
    await box.find(/Subject: Your export is about to expire: Soon gone/);
    // Another look at what expires, which would have announced the first again.
    const other = await completed({ name: "Next to go" });
    await execute(fixture.db, sql`update batch_exports set expires_at = now() + interval '20 minutes' where id = ${other.id}`);
    await box.find(/Subject: Your export is about to expire: Next to go/);
    expect(box.mails.filter(({ raw }) => raw.includes("about to expire: Soon gone"))).toHaveLength(1);
  });

  it("that a version without the outbox has enqueued is sent", async () => {
    const row = await completed({ name: "Handed on", notify: false });
    await enqueueJob(fixture.db, {
      id: newId("job"),
      kind: "mail.send",
      projectId: fixture.projectId,
      payload: { batchExportId: row.id, event: "completed" },
      dedupeKey: `mail.send:${row.id}:completed`,
    });
    await box.find(/Subject: Your export is ready: Handed on/);
  });

  it("is not sent when it was not wanted", async () => {
    const row = await completed({ name: "Quiet", notify: false });
    await completed({ name: "Loud" });
    await box.find(/Loud/);
    expect(box.mails.some(({ raw }) => raw.includes(row.id))).toBe(false);
  });

  it("that the server refuses for now is tried again and never touches the export; one it refuses for good is given up", async () => {
    box.refuse(451);
    const row = await completed({ name: "Later" });
    expect(row.status).toBe("COMPLETED");
    const job = async () =>
      (
        await execute<{ state: string; attempt: number; error: { code: string } | null }>(
          fixture.db,
          sql`select state, attempt, last_error as error from jobs where kind = 'mail.send' and payload->>'batchExportId' = ${row.id}`,
        )
      )[0];
    await eventually("the mail failed", async () => (await job())?.state === "retryable");
    expect((await job())?.error?.code).toBe("MAIL_UNAVAILABLE");
    box.refuse(null);
    await execute(fixture.db, sql`update jobs set run_at = now() where kind = 'mail.send'`);
    await box.find(/Subject: Your export is ready: Later/);
    await eventually("the mail is settled", async () => (await job())?.state === "completed");
    expect(box.mails.filter(({ raw }) => raw.includes("Your export is ready: Later"))).toHaveLength(1);
    box.refuse(550);
    const other = await completed({ name: "Never" });
    await eventually("the mail is given up", async () => {
      const [found] = await execute<{ state: string }>(
        fixture.db,
        sql`select state from jobs where kind = 'mail.send' and payload->>'batchExportId' = ${other.id}`,
      );
      return found?.state === "discarded";
    });
    box.refuse(null);
    expect((await fixture.load(other.id)).status).toBe("COMPLETED");
  });
});

describe("expiry", () => {
  it("deletes the files of an export whose time is over, and no others", async () => {
    const [gone, kept] = [await completed(), await completed()];
    const keyOf = (row: typeof gone) => row.manifest?.files[0]?.key ?? "";
    await execute(fixture.db, sql`update batch_exports set expires_at = now() - interval '1 second' where id = ${gone.id}`);
    await eventually("the file is gone", async () => !(await exists(keyOf(gone))));
    expect(await exists(keyOf(kept))).toBe(true);
    expect((await fixture.load(gone.id)).filesDeletedAt).not.toBeNull();
    expect((await fixture.load(gone.id)).status).toBe("COMPLETED");
  });

  it("refuses an export that waited for more than 30 days, with a clear outcome", async () => {
    const id = await fixture.requestExport(body);
    await execute(fixture.db, sql`update batch_exports set cutoff = now() - interval '31 days' where id = ${id}`);
    const row = await fixture.finished(id);
    // It may have been claimed before its age was changed.
    if (row.status !== "COMPLETED") expect(row).toMatchObject({ status: "FAILED", errorCode: "EXPORT_TOO_OLD" });
  });
});

describe("delete and re-run", () => {
  it("a deleted export is gone with its file, and the deletion is on record", async () => {
    const row = await completed();
    expect(await deleteExport(fixture.db, fixture.actor, row.id)).toBe("deleted");
    expect(await deleteExport(fixture.db, fixture.actor, row.id)).toBe("notFound");
    await eventually("the file is gone", async () => !(await exists(row.manifest?.files[0]?.key ?? "")));
    const audits = await execute<{ action: string }>(
      fixture.db,
      sql`select action from audit_logs where resource_id = ${row.id} order by created_at`,
    );
    expect(audits.map(({ action }) => action)).toEqual(["create", "complete", "delete"]);
  });

  it("a re-run is a new export with the same request, and the old one stays", async () => {
    const row = await completed({ name: "Again", metadata: { team: "a" }, query: { tableName: "traces", columns: ["id"], limit: 7 } });
    const ids = { exportId: newId("batchExport"), jobId: newId("job") };
    const admission = { defaultPlan: "unlimited", estimate: null } as const;
    expect(await rerunExport(fixture.db, fixture.actor, row, ids, admission)).toMatchObject({ plan: "unlimited" });
    const again = await fixture.finished(ids.exportId);
    expect(again).toMatchObject({ status: "COMPLETED", name: "Again", metadata: { team: "a" }, query: row.query, rows: 7 });
    expect(await exists(row.manifest?.files[0]?.key ?? "")).toBe(true);
  });
});

describe("races", () => {
  const rounds = Array.from({ length: 25 }, (_, i) => i);
  const isFinal = (status: string) => ["COMPLETED", "FAILED", "CANCELLED"].includes(status);

  it("a cancel that comes while the query runs stops the export; one that comes after the end changes nothing", async () => {
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
    hook.before(async (_, body) => {
      if (!/\btraces\b/.test(body)) return;
      held();
      await isOpen;
    });
    try {
      const id = await fixture.requestExport({ ...body, notify: false });
      await isHeld;
      expect(await cancelExport(fixture.db, fixture.actor, id)).toBe("requested");
      expect((await fixture.finished(id)).status).toBe("CANCELLED");
    } finally {
      hook.before(async () => {});
      open();
    }
    const row = await completed({ notify: false });
    expect(await cancelExport(fixture.db, fixture.actor, row.id)).not.toMatch(/^(cancelled|requested)$/);
    expect((await fixture.load(row.id)).status).toBe("COMPLETED");
    expect(await exists(row.manifest?.files[0]?.key ?? "")).toBe(true);
  });

  it("cancel and complete: one terminal state, and a completed export can be downloaded", async () => {
    for (const round of rounds) {
      const id = await fixture.requestExport({ ...body, notify: false });
      await new Promise((resolve) => setTimeout(resolve, (round * 37) % 180));
      const outcome = await cancelExport(fixture.db, fixture.actor, id);
      const row = await fixture.finished(id);
      expect(isFinal(row.status)).toBe(true);
      if (outcome === "cancelled" || outcome === "requested") expect(row.status).toBe("CANCELLED");
      if (row.status === "COMPLETED") expect(await exists(row.manifest?.files[0]?.key ?? "")).toBe(true);
      const [audits] = await execute<{ n: number }>(
        fixture.db,
        sql`select count(*)::int as n from audit_logs where resource_id = ${id} and action in ('complete','fail','cancelled','cancel')`,
      );
      expect(audits?.n).toBeGreaterThan(0);
    }
  });

  it("retry and expiry: an export that runs again keeps the file it then makes", async () => {
    for (const round of rounds.slice(0, 10)) {
      const id = await fixture.requestExport({ ...body, notify: false });
      await cancelExport(fixture.db, fixture.actor, id);
      const stopped = await fixture.finished(id);
      await Promise.all([
        stopped.status === "CANCELLED" ? retryExport(fixture.db, fixture.actor, id, "unlimited") : undefined,
        ...Array.from({ length: (round % 3) + 1 }, () => expireExports(fixture.db, { graceSeconds: 0 })),
      ]);
      const row = await fixture.finished(id);
      expect(row.status).toBe("COMPLETED");
      await sweep();
      expect(await exists(row.manifest?.files[0]?.key ?? "")).toBe(true);
    }
  });

  it("delete and download: what is still there can be downloaded, what is gone says so", async () => {
    for (const _ of rounds.slice(0, 10)) {
      const row = await completed({ notify: false });
      const [outcome, found] = await Promise.all([
        deleteExport(fixture.db, fixture.actor, row.id),
        fixture.load(row.id).then(
          (loaded) => exists(loaded.manifest?.files[0]?.key ?? ""),
          () => "gone" as const,
        ),
      ]);
      expect(outcome).toBe("deleted");
      expect([true, false, "gone"]).toContain(found);
      await eventually("the file is gone", async () => !(await exists(row.manifest?.files[0]?.key ?? "")));
    }
  });

  it("two deletes at once: one wins, one audit row", async () => {
    const row = await completed({ notify: false });
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => deleteExport(fixture.db, fixture.actor, row.id)));
    expect(outcomes.toSorted()).toEqual(["deleted", "notFound", "notFound", "notFound"]);
    const audits = await execute(fixture.db, sql`select id from audit_logs where resource_id = ${row.id} and action = 'delete'`);
    expect(audits).toHaveLength(1);
  });
});
