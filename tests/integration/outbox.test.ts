import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { type ConsumerEntry, outboxConsumers } from "../../core/outbox/consumers.ts";
import { type EventType, eventTypes, type OutboxEvent } from "../../core/outbox/event-types.ts";
import { measureOutbox } from "../../db/outbox/measure-outbox.ts";
import { pruneOutbox } from "../../db/outbox/prune-outbox.ts";
import { registerConsumers } from "../../db/outbox/register-consumers.ts";
import { type Database, execute, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { listDueWork } from "../../db/queue/list-due-work.ts";
import { createBus } from "../../runner/bus.ts";
import { systemClock } from "../../runner/clock.ts";
import { consumerOf, startConsumer } from "../../runner/outbox/start-outbox.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { retryExport } from "../../services/exports/retry-export.ts";
import { transitionExport } from "../../services/exports/transition-export.ts";
import { type Consumer, consumeEvents, oneByOne } from "../../services/outbox/consume-events.ts";
import { eventsOf, insertActor, insertExport, makeDue, manifestOf } from "../support/export-rows.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase & { url: string };
let db: Database;
let actor: Actor;

const allTypes = Object.keys(eventTypes) as EventType[];
/** As a second entry of the registry would read. */
const second = { second: { types: allTypes, runsWith: "export.run" } } as const satisfies Record<string, ConsumerEntry>;

beforeAll(async () => {
  open = await openOwnDatabase(12);
  db = open.db;
  actor = await insertActor(db);
  await registerConsumers(db, { ...outboxConsumers, ...second });
  await execute(
    db,
    sql`create table effects (number bigint generated always as identity, consumer text, event_id text, object_id text, type text, unique (consumer, event_id))`,
  );
});
afterAll(async () => {
  await Promise.all(doomed.map(({ close }) => close()));
  await open.close();
});
beforeEach(async () => {
  await execute(db, sql`truncate outbox cascade`);
  await execute(db, sql`truncate effects`);
  await execute(db, sql`truncate jobs cascade`);
});

type HandleOne = (tx: Database, event: OutboxEvent) => Promise<void>;

/** Its effect is a row; the table refuses the same event twice. */
const writing =
  (before: HandleOne = async () => {}): HandleOne =>
  async (tx, event) => {
    await before(tx, event);
    await execute(
      tx,
      sql`insert into effects (consumer, event_id, object_id, type) values ('second', ${event.id}, ${event.objectId}, ${event.type})`,
    );
  };
const consumer = (handle: HandleOne): Consumer => ({ types: allTypes, handle: oneByOne(handle) });
const consume = (handle: HandleOne = writing(), on = db) => consumeEvents({ db: on, random: () => 0.5 }, "second", consumer(handle));

/** Hands events over until nothing is due. */
const drain = async (handle: HandleOne = writing()) => {
  while ((await consume(handle)) !== undefined);
};
const effectsOf = async (objectId: string): Promise<{ id: string; type: string }[]> =>
  execute(db, sql`select event_id as id, type from effects where object_id = ${objectId} order by number`);
const waiting = async (name = "second"): Promise<number> =>
  (await measureOutbox(db)).find((row) => row.consumer === name)?.waiting ?? Number.NaN;
/** One event in a runner of its own, whose connection ends on the way: it may also fail to say that the event is put off. */
const consumeAndDie = async (handle: HandleOne): Promise<void> => {
  const own = openPostgres(open.url, { connectionsMax: 2 });
  doomed.push(own);
  await consume(handle, own.db).catch((error: unknown) => expect(String(error)).toContain("outbox_deliveries"));
};
const doomed: OpenDatabase[] = [];
const kill = async (tx: Database): Promise<void> => {
  await execute(tx, sql`select pg_terminate_backend(pg_backend_pid())`);
};

/** An export that runs, fails, is retried and completes: seven events. */
const wholeLife = async (): Promise<string> => {
  const { exportId } = await insertExport(db, actor);
  const take = <R>(step: (tx: Database) => Promise<R>) => db.transaction(step);
  await take((tx) => transitionExport(tx, exportId, "PROCESSING", { attempt: 1 }));
  await take((tx) => transitionExport(tx, exportId, "FAILED", { error: { code: "INTERNAL", message: "x" } }));
  await execute(db, sql`update jobs set state = 'discarded', finished_at = now() where payload->>'batchExportId' = ${exportId}`);
  expect(await retryExport(db, actor, exportId, "unlimited")).toMatchObject({ outcome: "queued" });
  await take((tx) => transitionExport(tx, exportId, "PROCESSING", { attempt: 1 }));
  await take((tx) => transitionExport(tx, exportId, "QUEUED", { error: null }));
  await take((tx) => transitionExport(tx, exportId, "PROCESSING", { attempt: 2 }));
  await take((tx) => transitionExport(tx, exportId, "COMPLETED", { manifest: manifestOf(exportId) }));
  return exportId;
};
const typesOfLife = ["queued", "started", "failed", "queued", "started", "queued", "started", "completed"].map((name) => `export.${name}`);

const expectAllInOrder = async (exportIds: readonly string[]) => {
  for (const exportId of exportIds) {
    const events = await eventsOf(db, exportId);
    expect(await effectsOf(exportId)).toEqual(events.map(({ id, type }) => ({ id, type })));
  }
};

describe("a second consumer", () => {
  it("is told of every event of an export, in order and once, and no transition knows of it", async () => {
    const exportId = await wholeLife();
    await drain();
    expect((await effectsOf(exportId)).map(({ type }) => type)).toEqual(typesOfLife);
    await expectAllInOrder([exportId]);
    expect(await waiting()).toBe(0);
    // The other consumer has its own deliveries, of the types it wants.
    expect(await waiting("mails")).toBe(2);
  });

  it("gets payloads that its types promise", async () => {
    const seen: string[] = [];
    const exportId = await wholeLife();
    await drain(async (_tx, event) => {
      expect(event).toMatchObject({ objectId: exportId, projectId: actor.projectId });
      expect(eventTypes[event.type].parse(event.payload)).toEqual(event.payload);
      if (event.type === "export.failed") seen.push(event.payload.error.code);
      if (event.type === "export.completed") seen.push(String(event.payload.rows));
    });
    expect(seen).toEqual(["INTERNAL", "3"]);
  });
});

describe("each event", () => {
  it("is consumed once and in order while four runners consume and exports change at the same time", async () => {
    let isOver = false;
    const runners = Array.from({ length: 4 }, async () => {
      while (!isOver || (await waiting()) > 0) await consume();
    });
    const exportIds = await Promise.all(Array.from({ length: 8 }, wholeLife));
    isOver = true;
    await Promise.all(runners);
    await expectAllInOrder(exportIds);
    expect(await waiting()).toBe(0);
  });

  it("is consumed once although runners are killed between taking and acknowledging it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("done", "killed before", "killed after", "throws"), { maxLength: 10 }), async (fates) => {
        const exportIds = [await wholeLife(), await wholeLife()];
        for (const fate of fates) {
          await (fate.startsWith("killed") ? consumeAndDie : consume)(async (tx, event) => {
            if (fate === "killed before") await kill(tx);
            if (fate === "throws") throw new AppError({ code: "INTERNAL", detail: "a fault of the consumer" });
            await writing()(tx, event);
            if (fate === "killed after") await kill(tx);
          });
          await makeDue(db);
        }
        await drain();
        await expectAllInOrder(exportIds);
      }),
      { numRuns: 6 },
    );
  });

  it("that another runner has taken and not acknowledged is not handed over, nor are those behind it", async () => {
    const exportId = await wholeLife();
    const held = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const slow = consume(
      writing(async () => {
        taken.resolve();
        await held.promise;
      }),
    );
    await taken.promise;
    expect(await consume()).toBeUndefined();
    const other = await wholeLife();
    await drain();
    await expectAllInOrder([other]);
    expect(await effectsOf(exportId)).toEqual([]);
    held.resolve();
    await slow;
    await drain();
    await expectAllInOrder([exportId, other]);
  });

  it("that cannot be consumed waits with a growing delay, is never given up, and holds up its own object only", async () => {
    const [broken, sound] = [await wholeLife(), await wholeLife()];
    const refusing = writing(async (_tx, event) => {
      if (event.objectId === broken && event.type === "export.failed") throw new AppError({ code: "INTERNAL", detail: "poison" });
    });
    await drain(refusing);
    await expectAllInOrder([sound]);
    expect((await effectsOf(broken)).map(({ type }) => type)).toEqual(["export.queued", "export.started"]);
    const delays: number[] = [];
    for (let round = 0; round < 12; round++) {
      await makeDue(db);
      await drain(refusing);
      const [row] = await execute<{ delay: number; failures: number; code: string }>(
        db,
        sql`select extract(epoch from run_at - (last_error->>'at')::timestamptz)::float8 as delay, failures, last_error->>'code' as code
          from outbox_deliveries where failures > 0`,
      );
      expect(row).toMatchObject({ failures: round + 2, code: "INTERNAL" });
      delays.push(Math.round(row?.delay ?? 0));
    }
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    expect(delays.at(-1)).toBe(450);
    expect(await effectsOf(broken)).toHaveLength(2);
    await makeDue(db);
    await drain();
    await expectAllInOrder([broken, sound]);
  });

  it("of a type that this version of a consumer does not know waits for one that does", async () => {
    const exportId = await wholeLife();
    const older: Consumer = { types: ["export.queued"], handle: oneByOne(writing()) };
    while ((await consumeEvents({ db, random: () => 0 }, "second", older)) !== undefined);
    expect((await effectsOf(exportId)).map(({ type }) => type)).toEqual(["export.queued"]);
    await makeDue(db);
    await drain();
    await expectAllInOrder([exportId]);
  });
});

describe("a consumer that is switched off for a while", () => {
  it("loses nothing: its events wait, also from pruning, and are consumed by the loop that is started later", async () => {
    const exportIds = [await wholeLife(), await wholeLife()];
    await execute(db, sql`update outbox set created_at = now() - interval '90 days'`);
    await execute(db, sql`update outbox_deliveries set created_at = now() - interval '90 days'`);
    expect((await measureOutbox(db)).find(({ consumer: name }) => name === "second")?.oldestSeconds).toBeGreaterThan(89 * 86_400);
    expect(await pruneOutbox(db, { keepDays: 30 })).toBe(0);
    const log = () => {};
    const { emit } = createBus(log);
    const config = { pollMs: 10, pollIdleMs: 20, graceSeconds: 0 };
    const dueWork = () => listDueWork(db, { kinds: [], consumers: ["second"] });
    const loops = [1, 2].map(() =>
      startConsumer({ db, clock: systemClock, log, random: Math.random, emit, dueWork }, "second", consumer(writing()), config),
    );
    while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(loops.map((loop) => loop.stop()));
    await expectAllInOrder(exportIds);
    // What the mails still wait for stays; everything else goes.
    await execute(db, sql`delete from outbox_deliveries where consumer = 'webhooks'`);
    const kept = await waiting("mails");
    expect(await pruneOutbox(db, { keepDays: 30 })).toBe(2 * typesOfLife.length - kept);
    expect(await pruneOutbox(db, { keepDays: 30 })).toBe(0);
    expect(await execute(db, sql`select 1 from outbox`)).toHaveLength(kept);
  });
});

describe("mails", () => {
  const mailJobs = (exportId: string) =>
    execute<{ event: string; state: string }>(
      db,
      sql`select payload->>'event' as event, state from jobs where kind = 'mail.send' and payload->>'batchExportId' = ${exportId} order by created_at`,
    );
  const drainMails = async () => {
    while ((await consumeEvents({ db, random: () => 0 }, "mails", consumerOf("mails", { publicUrl: null }))) !== undefined);
  };

  it("are one job for each event that has a mail, also where an export fails twice while the first mail waits", async () => {
    const { exportId } = await insertExport(db, actor);
    const fail = () => db.transaction((tx) => transitionExport(tx, exportId, "FAILED", { error: { code: "INTERNAL", message: "x" } }));
    await fail();
    await db.transaction((tx) => transitionExport(tx, exportId, "QUEUED", { by: actor }));
    await fail();
    await Promise.all([drainMails(), drainMails(), drainMails()]);
    expect(await mailJobs(exportId)).toEqual([
      { event: "failed", state: "available" },
      { event: "failed", state: "available" },
    ]);
    expect(await waiting("mails")).toBe(0);
  });

  it("are none where nobody wants one, and the event is consumed all the same", async () => {
    const { exportId } = await insertExport(db, actor, { notify: false });
    await db.transaction((tx) => transitionExport(tx, exportId, "FAILED", { error: { code: "INTERNAL", message: "x" } }));
    await drainMails();
    expect(await mailJobs(exportId)).toEqual([]);
    expect(await waiting("mails")).toBe(0);
  });
});
