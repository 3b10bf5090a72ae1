/** Batches of the ingestion worked on by hand, so that a test chooses what happens between claiming, writing and settling. */
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import { claimBatch, type JobBatch } from "../../db/queue/claim-batch.ts";
import { type BatchOutcome, settleBatch } from "../../db/queue/settle-batch.ts";
import { systemClock } from "../../runner/clock.ts";
import type { BatchDeps } from "../../runner/ingestion/batch-work.ts";
import { processBatch } from "../../runner/ingestion/process-batch.ts";
import type { Fixture } from "./fixture.ts";

export const createIngestionBatches = (fixture: Fixture, defaults: Partial<BatchDeps> & { clickhouse: ClickHouse }) => {
  const batchDeps = (overrides: Partial<BatchDeps> = {}): BatchDeps => ({
    s3: fixture.s3,
    listLogged: (entities) => listEntityFiles(fixture.db, fixture.s3.bucket, entities),
    prefix: fixture.eventPrefix,
    segmentBytesMax: 400,
    sha256Hex: fixture.eventStore.sha256Hex,
    newJobId: fixture.eventStore.newJobId,
    log: () => {},
    db: fixture.db,
    eventsTable: "events",
    writesAggregates: false,
    wait: systemClock.wait,
    steadyMs: systemClock.steadyMs,
    loadModels: () => Promise.resolve([]),
    openCounter: () => Promise.resolve(() => undefined),
    random: () => 0,
    onWritten: () => {},
    sampling: new Map(),
    onSampled: () => {},
    ...defaults,
    ...overrides,
  });
  const find = (jobsMax: number) => claimBatch(fixture.db, { kind: "ingestion.merge", jobsMax, claimedBy: "tests", leaseSeconds: 60 });
  const claim = async (jobsMax = 500): Promise<JobBatch> => {
    const batch = await find(jobsMax);
    if (batch === undefined) throw new Error("nothing to claim");
    return batch;
  };
  const processed = (batch: JobBatch, overrides: Partial<BatchDeps> = {}): Promise<BatchOutcome> =>
    processBatch(batchDeps(overrides), batch, new AbortController().signal);
  return {
    find,
    claim,
    processed,
    /** Claims, processes and settles until nothing is due; answers what failed. */
    drained: async (overrides: Partial<BatchDeps> = {}, jobsMax = 500): Promise<BatchOutcome["failed"]> => {
      const failed: BatchOutcome["failed"][number][] = [];
      for (let batch = await find(jobsMax); batch !== undefined; batch = await find(jobsMax)) {
        const outcome = await processed(batch, overrides);
        failed.push(...outcome.failed);
        await settleBatch(fixture.db, batch.leaseId, outcome);
      }
      return failed;
    },
  };
};
