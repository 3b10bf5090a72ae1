import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import { claimBatch, type JobBatch } from "../../db/queue/claim-batch.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { repeatLateJobs } from "../../runner/ingestion/repeat-late-jobs.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { insertProject } from "../support/project.ts";
import { runsOf } from "../support/property-runs.ts";
import { at } from "../support/sent-event.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
let projects: string[];
let batches: ReturnType<typeof createIngestionBatches>;
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse });
  projects = [fixture.projectId, await insertProject(fixture.db)];
});
afterAll(() => fixture.stop());

const tables = ["traces", "observations", "scores", "events"] as const;
const emptyTables = async () => {
  for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
};
const start = async () => {
  await emptyTables();
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
};
beforeEach(start);

/** Every live row; FINAL takes versions of one key together and nothing else, so an entity in two places is there twice. */
const contents = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const table of tables) {
    const text = await fixture.query(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM ${table} FINAL FORMAT JSONEachRow`);
    found.push(...text.split("\n").flatMap((line) => (line === "" ? [] : [`${table} ${line}`])));
  }
  return found.toSorted();
};

const id = fc.constantFrom("a", "b");
const name = fc.constantFrom("red", "green");
const seconds = fc.constantFrom(0, 86_400);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const sentEvent = fc.oneof(
  fc.record({
    type: fc.constant("trace-create"),
    body: fc.record({ id, name, sessionId: optional(name), timestamp: optional(seconds.map(at)) }),
  }),
  fc.record({
    type: fc.constantFrom("span-create", "span-update", "generation-create"),
    body: fc.record({ id, name, traceId: optional(id), startTime: optional(seconds.map(at)) }),
  }),
  fc.record({ type: fc.constant("score-create"), body: fc.record({ id, name, value: fc.constantFrom(1, 2), traceId: id }) }),
  fc.record({ type: fc.constant("score-create"), body: fc.record({ id, name, value: fc.constantFrom(1, 2), sessionId: name }) }),
);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("send" as const),
      project: fc.nat(1),
      events: fc.array(fc.record({ event: sentEvent, second: fc.nat(4), again: fc.nat(9) }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("work" as const),
      jobsMax: fc.constantFrom(1, 3, 50),
      /** What becomes of the call to ClickHouse of this number, and of all behind it. */
      fault: fc.constantFrom(
        "none" as const,
        "outage" as const,
        "stall" as const,
        "refused" as const,
        "lost answer" as const,
        "stall" as const,
      ),
      call: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("wake" as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
const sent = (body: { traceId?: "a" | "b"; startTime?: string }, second: number): Step => ({
  act: "send",
  project: 0,
  events: [
    {
      event: { type: "span-create", body: { id: "a", name: "red", traceId: body.traceId, startTime: body.startTime } },
      ...{ second, again: 0 },
    },
  ],
});
const worked = (fault: "none" | "stall"): Step => ({ act: "work", jobsMax: 1, fault, call: 0 });
/** One event id sent again with other content; `again: 0` means the first id. */
const sentAgain: Record<string, Step[]> = {
  "another day": [sent({ startTime: at(86_400) }, 0), worked("none"), sent({}, 0), worked("none")],
  "another trace and day": [sent({ startTime: at(86_400), traceId: "b" }, 0), worked("none"), sent({}, 0)],
  "another time that only an attempt reads that stalls, and then as it was": [
    ...[sent({}, 0), worked("none"), sent({}, 1), worked("stall")],
    sent({}, 0),
  ],
};

it("the tables depend on the set of events only, with the same ids in two projects, whatever fails or comes late at any call", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 22, size: "max" }), async (steps) => {
      await start();
      let counter = 0;
      const stalled: { batch: JobBatch; wake: () => void; ended: Promise<unknown> }[] = [];
      // As the loop of a runner does when a batch ends after its lease.
      const wakeAll = async () => {
        for (const { batch, wake, ended } of stalled.splice(0)) {
          wake();
          await ended;
          await repeatLateJobs(fixture.eventStore, batch);
        }
      };
      for (const one of steps) {
        if (one.act === "wake") await wakeAll();
        else if (one.act === "send") {
          const arrived = one.events.map(({ event, second, again }) => {
            // Some have the id of one before, in the other project or in their own.
            const original = { ...event, id: `event-${again === 0 ? Math.max(1, counter) : ++counter}`, timestamp: at(second) };
            const parsed = parseEvent(JSON.parse(JSON.stringify(original)), { isInternal: true });
            if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "log" : parsed.error);
            return { event: parsed.event, original };
          });
          const projectId = projects[one.project] ?? "";
          const { sha256Hex } = fixture.eventStore;
          const groups = arrangeBatch(arrived, {
            projectId,
            prefix: fixture.eventPrefix,
            sampling: new Map(),
            segmentBytesMax: 400,
            sha256Hex,
          });
          await storeGroups(fixture.eventStore, {
            projectId,
            groups,
            origin: { apiKey: "", sdkName: "tests", sdkVersion: "1" },
            source: "api",
          });
        } else {
          await execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null and state <> 'running'`);
          const batch = await claimBatch(fixture.db, {
            kind: "ingestion.merge",
            jobsMax: one.jobsMax,
            claimedBy: "tests",
            leaseSeconds: 60,
          });
          if (batch === undefined) continue;
          let calls = 0;
          const [reached, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
          const faulty =
            <Arguments extends unknown[], Answer>(act: (...given: Arguments) => Promise<Answer>) =>
            async (...given: Arguments): Promise<Answer> => {
              if (one.fault === "none" || calls++ < one.call) return act(...given);
              if (one.fault === "stall") {
                reached.resolve();
                await woken.promise;
                return act(...given);
              }
              if (one.fault === "lost answer") await act(...given);
              throw new AppError({ code: one.fault === "refused" ? "CLICKHOUSE_QUERY_FAILED" : "CLICKHOUSE_UNAVAILABLE" });
            };
          const ended = batches.processed(batch, {
            clickhouse: {
              ...clickhouse,
              insertRows: faulty(clickhouse.insertRows),
              command: faulty(clickhouse.command),
              queryRows: faulty(clickhouse.queryRows) as ClickHouse["queryRows"],
            },
          });
          const outcome = await Promise.race([ended, reached.promise.then(() => undefined)]);
          if (outcome !== undefined) await settleBatch(fixture.db, batch.leaseId, outcome);
          else {
            stalled.push({ batch, wake: woken.resolve, ended });
            await execute(fixture.db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
            while ((await rescueJob(fixture.db)) !== undefined);
          }
        }
      }
      const finish = async () => {
        for (let left = 1; left > 0; ) {
          await execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null and state <> 'running'`);
          expect(await batches.drained()).toEqual([]);
          [{ left }] = (await execute<{ left: number }>(fixture.db, sql`select count(*)::int as left from jobs`)) as [{ left: number }];
        }
      };
      await finish();
      await wakeAll();
      await finish();
      const found = await contents();
      await emptyTables();
      for (const projectId of projects)
        await replayEvents(
          { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
          { projectId, bucket: fixture.s3.bucket },
          { pageRows: 100, waitingMax: 1000, pollMs: 1, isDryRun: false },
        );
      await finish();
      expect(found).toEqual(await contents());
    }),
    { numRuns: runsOf(25), examples: Object.values(sentAgain).map((steps) => [steps] as [Step[]]) },
  ));
