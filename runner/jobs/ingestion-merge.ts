/** Creates the handler of ingestion.merge with its dependencies. */

import type { EventStoreConfig } from "../../core/ingestion/event-store-config.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { listModels } from "../../services/models/list-models.ts";
import type { Bus } from "../bus.ts";
import type { BatchHandler, Clock, Log } from "../deps.ts";
import { type CountInPieces, openTokenCounter } from "../ingestion/count-tokens.ts";
import { createModelLoader } from "../ingestion/model-loader.ts";
import { processBatch } from "../ingestion/process-batch.ts";
import { repeatLateJobs } from "../ingestion/repeat-late-jobs.ts";

export type MergeHandlerDeps = {
  db: Database;
  clickhouse: ClickHouse;
  events: Pick<EventStoreConfig, "prefix" | "segmentBytesMax" | "sampling"> & { store: EventStore };
  eventsTable: string;
  writesAggregates: boolean;
  clock: Clock;
  log: Log;
  emit: Bus["emit"];
  random: () => number;
};

/** ingestion.merge: makes the rows of the entities that a batch of jobs names, from all their files. */
export const createMergeHandler = (deps: MergeHandlerDeps): BatchHandler => {
  const { db, events, clock, emit } = deps;
  const loadModels = createModelLoader((projectId) => listModels(db, projectId), clock);
  let counter: Promise<CountInPieces> | undefined;
  return {
    process: (batch, signal) =>
      processBatch(
        {
          ...deps,
          s3: events.store.s3,
          listLogged: (entities) => listEntityFiles(db, events.store.s3.bucket, entities),
          prefix: events.prefix,
          segmentBytesMax: events.segmentBytesMax,
          sampling: events.sampling,
          onSampled: (counts) => emit("ingestion.sampled", counts),
          sha256Hex: events.store.sha256Hex,
          newJobId: events.store.newJobId,
          wait: clock.wait,
          steadyMs: clock.steadyMs,
          loadModels,
          openCounter: () => (counter ??= openTokenCounter()),
          onWritten: (entities) => emit("ingestion.written", { files: entities.flatMap(({ entity }) => entity.files) }),
        },
        batch,
        signal,
      ),
    repeat: (batch) => repeatLateJobs(events.store, batch),
  };
};
