/** Ingestion, reading: what is read of a batch at a time, and what it takes. */
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import type { MergeOrigin } from "../../core/ingestion/merge/merge-context.ts";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import type { EntityName, LoggedFiles } from "../../db/event-store/logged-objects.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import type { Log, WrittenFile } from "../deps.ts";
import type { Turns } from "../turns.ts";
import type { ProjectBudget } from "./project-budget.ts";
import type { SpanRequests } from "./span-requests.ts";

export type ReadDeps = {
  s3: S3Client;
  /** Lists the files of entities by the event log. If that is incomplete, the store is asked for each entity. */
  listLogged: (entities: readonly EntityName[]) => Promise<LoggedFiles>;
  prefix: string;
  segmentBytesMax: number;
  sha256Hex: Sha256Hex;
  log: Log;
  signal: AbortSignal;
  turns: Turns;
  budget: ProjectBudget;
  requests: SpanRequests;
};

export type OnlyRequest = { key: string; traceId: string };

/** An entity with all its events, and the jobs of this batch for it. */
export type Entity = {
  projectId: string;
  entityType: EntityType;
  entityId: string;
  orderingKey: string;
  /** Jobs for this entity alone. */
  jobs: BatchJob[];
  /** Jobs for traces of OpenTelemetry requests that the entity belongs to. */
  requestJobs: BatchJob[];
  /** The request that is all the log had of the entity when it was read. */
  onlyRequest: OnlyRequest | undefined;
  events: IngestionEvent[];
  /** For a score: events of senders who may not change it. Earlier rows may have been made from them before other events arrived. */
  refused: IngestionEvent[];
  /** The files named by the jobs: what is new in this batch. */
  files: WrittenFile[];
  filesTotal: number;
  /** When the first of its files was stored. Undefined if the log was not asked: then it is stored for the first time. */
  firstStoredAt: string | undefined;
  /** `fileVersion` of each file that the log named. */
  fileVersions: ReadonlySet<string>;
  /** True if one of its files was stored more than once. Earlier rows may have been made from its former content. */
  isRewritten: boolean;
  origin: MergeOrigin;
};

export type Wanted = {
  projectId: string;
  orderingKey: string;
  payload: Pick<JobPayload<"ingestion.merge">, "entityType" | "entityId" | "fileKey">;
  jobs: BatchJob[];
  requestJobs: BatchJob[];
  onlyRequest?: OnlyRequest | undefined;
};

export type ReadSlice = {
  entities: Entity[];
  failed: { jobs: BatchJob[]; error: unknown }[];
  /** Entities of which a file cannot be read. */
  unread: { entity: Pick<Entity, "projectId" | "entityType" | "entityId" | "orderingKey" | "jobs" | "requestJobs">; error: unknown }[];
  /** Jobs of requests whose traces are among the entities, or gone. */
  opened: BatchJob[];
  /** Not started because the slice is full. */
  rest: BatchJob[];
  /** Not started because their project has used up its share of this batch. */
  deferred: BatchJob[];
};
