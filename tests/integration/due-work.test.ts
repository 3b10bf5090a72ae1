/** What a runner asks before it claims: exactly the kinds of jobs and the consumers of the outbox that have something due. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type JobKind, type JobPayload, jobKindNames, jobKinds, type SingleKind } from "../../core/jobs/kinds.ts";
import { execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { enqueueKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";
import { listDueWork } from "../../db/queue/list-due-work.ts";
import { newId } from "../support/fixture.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { insertProject } from "../support/project.ts";

const payloads: { [K in SingleKind]: JobPayload<K> } = {
  "export.run": { batchExportId: "export" },
  "mail.send": { batchExportId: "export", event: "completed" },
  "ingestion.otel": { fileKey: "key" },
  "data.delete": { scope: "project" },
  "integration.blob_storage": { integrationId: "i", isManual: false },
  "integration.posthog": { integrationId: "i", isManual: false },
  "integration.mixpanel": { integrationId: "i", isManual: false },
  "integration.validate": { integrationId: "integration" },
};

let postgres: OpenDatabase;
beforeAll(async () => {
  postgres = await openOwnDatabase(4);
});
afterAll(() => postgres.close());
beforeEach(() => execute(postgres.db, sql`truncate jobs, outbox cascade`));

const consumers = ["mails", "second"];
const due = async () => {
  const { kinds, consumers: names } = await listDueWork(postgres.db, { kinds: jobKindNames, consumers });
  return [...kinds, ...names];
};

const enqueue = async (kind: JobKind): Promise<void> => {
  const projectId = await insertProject(postgres.db);
  if (kind === "ingestion.merge")
    await enqueueEventJobs(postgres.db, projectId, [
      { id: newId("job"), kind, orderingKey: "key", payload: { entityType: "trace", entityId: "t", fileKey: "key", source: "api" } },
    ]);
  else if (kind === "webhook.deliver")
    await enqueueKeyedJobs(postgres.db, kind, [
      { projectId, concurrencyKey: "key", payload: { deliveryId: "w" }, dedupeKey: newId("job") },
    ]);
  else await enqueueJob(postgres.db, { kind, projectId, payload: payloads[kind] });
};

describe.each(jobKindNames)("jobs of kind %s", (kind) => {
  const other = jobKindNames.find((name) => jobKinds[name].claiming.how !== jobKinds[kind].claiming.how);
  it("are listed while one waits and is due, and no others", async () => {
    expect(await due()).toEqual([]);
    await enqueue(kind);
    expect(await due()).toEqual([kind]);
    expect((await listDueWork(postgres.db, { kinds: other === undefined ? [] : [other], consumers: [] })).kinds.size).toBe(0);
  });

  it("are not listed while they are postponed, run or have ended", async () => {
    await enqueue(kind);
    await execute(postgres.db, sql`update jobs set run_at = now() + interval '1 hour'`);
    expect(await due()).toEqual([]);
    await execute(postgres.db, sql`update jobs set run_at = now(), state = 'running', lease_id = gen_random_uuid(), lease_until = now()`);
    expect(await due()).toEqual([]);
    await execute(postgres.db, sql`update jobs set state = 'discarded', lease_id = null, lease_until = null, finished_at = now()`);
    expect(await due()).toEqual([]);
    await execute(postgres.db, sql`update jobs set state = 'retryable', finished_at = null`);
    expect(await due()).toEqual([kind]);
  });
});

describe("events of the outbox", () => {
  it("are listed for the consumer they are due for", async () => {
    const projectId = await insertProject(postgres.db);
    await execute(
      postgres.db,
      sql`with consumer as (
        insert into outbox_consumers (name, event_types) values ('second', '{}') on conflict do nothing
      ), event as (
        insert into outbox (id, type, project_id, object_id, payload) values ('evt_1', 'export.queued', ${projectId}, 'object', '{}') returning position, object_id
      ) insert into outbox_deliveries (consumer, position, object_id) select 'second', position, object_id from event`,
    );
    expect(await due()).toEqual(["second"]);
    await execute(postgres.db, sql`update outbox_deliveries set run_at = now() + interval '1 hour'`);
    expect(await due()).toEqual([]);
  });
});
