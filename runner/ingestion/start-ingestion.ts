/** Ingestion put together: the loop over batches with everything it needs. */

import type { EventStoreConfig } from "../../core/ingestion/event-store-config.ts";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import type { Database } from "../../db/postgres/client.ts";
import { claimBatch, heartbeatBatch } from "../../db/queue/claim-batch.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { listModels } from "../../services/models/models.ts";
import type { Events } from "../bus.ts";
import type { Clock, Log } from "../deps.ts";
import { type BatchLoopConfig, startBatchLoop } from "../queue/batch-loop.ts";
import { type CountInPieces, openTokenCounter } from "./count-tokens.ts";
import { createModelLoader } from "./model-loader.ts";
import { processBatch } from "./process-batch.ts";

const kind: JobKind = "ingestion.merge";

export type IngestionDeps = {
  db: Database;
  clickhouse: ClickHouse;
  events: Pick<EventStoreConfig, "prefix" | "segmentBytesMax"> & { store: EventStore };
  eventsTable: string;
  writesAggregates: boolean;
  clock: Clock;
  log: Log;
  emit: Events["emit"];
  random: () => number;
};

export const startIngestion = (
  { db, clickhouse, events, eventsTable, writesAggregates, clock, log, emit, random }: IngestionDeps,
  config: Omit<BatchLoopConfig, "maxRunSeconds"> & { claimedBy: string; leaseSeconds: number; jobsMax: number },
): { stop: () => Promise<void>; poke: () => void } => {
  const loadModels = createModelLoader((projectId) => listModels(db, projectId), clock);
  let counter: Promise<CountInPieces> | undefined;
  return startBatchLoop(
    {
      kind,
      clock,
      log,
      emit,
      random,
      claim: () => claimBatch(db, { kind, jobsMax: config.jobsMax, claimedBy: config.claimedBy, leaseSeconds: config.leaseSeconds }),
      heartbeat: (leaseId) => heartbeatBatch(db, leaseId, config.leaseSeconds),
      settle: (leaseId, outcome) => settleBatch(db, leaseId, outcome),
      process: (batch, signal) =>
        processBatch(
          {
            s3: events.store.s3,
            listLogged: (entities) => listEntityFiles(db, events.store.s3.bucket, entities),
            prefix: events.prefix,
            segmentBytesMax: events.segmentBytesMax,
            sha256Hex: events.store.sha256Hex,
            newJobId: events.store.newJobId,
            log,
            clickhouse,
            db,
            eventsTable,
            writesAggregates,
            wait: clock.wait,
            steadyMs: clock.steadyMs,
            loadModels,
            openCounter: () => (counter ??= openTokenCounter()),
            random,
            onWritten: (entities) => emit("ingestion.written", { files: entities.flatMap(({ entity }) => entity.files) }),
          },
          batch,
          signal,
        ),
    },
    { ...config, maxRunSeconds: jobKinds[kind].maxRunSeconds },
  );
};
