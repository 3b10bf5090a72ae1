/**
 * Ingestion, reading: loads all events of the entities that jobs name, from all their files. Memory: the events of one slice of a batch.
 */

import { AppError } from "../../core/errors.ts";
import { parseExactJson } from "../../core/exact-json.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { entityFolder, type Sha256Hex } from "../../core/ingestion/blob-key.ts";
import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import { type EventOrigin, unknownOrigin } from "../../core/ingestion/event-origin.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { countingFiles } from "../../core/ingestion/merge/counting-files.ts";
import type { MergeOrigin } from "../../core/ingestion/merge/merge-context.ts";
import { compareEvents } from "../../core/ingestion/merge/order-events.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { type EntityFile, type EntityName, entityName, type LoggedFiles } from "../../db/event-store/logged-objects.ts";
import { listObjects } from "../../db/object-store/read-objects.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import type { Log, WrittenFile } from "../deps.ts";
import type { Turns } from "../turns.ts";
import { allWork, type ProjectBudget } from "./project-budget.ts";

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
};

/** An entity with all its events, and the jobs of this batch for it. */
export type Entity = {
  projectId: string;
  entityType: EntityType;
  entityId: string;
  orderingKey: string;
  jobs: BatchJob[];
  events: IngestionEvent[];
  /** For a score: events of senders who may not change it. Earlier rows may have been made from them before other events arrived. */
  refused: IngestionEvent[];
  /** The files named by the jobs: what is new in this batch. */
  files: WrittenFile[];
  filesTotal: number;
  /** `fileVersion` of each file that the log named. */
  fileVersions: ReadonlySet<string>;
  /** True if one of its files was stored more than once. Earlier rows may have been made from its former content. */
  isRewritten: boolean;
  origin: MergeOrigin;
};

/** Identifies the content of a file at one time. */
export const fileVersion = ({ key, storedAt }: Pick<EntityFile, "key" | "storedAt">): string => `${storedAt} ${key}`;

/** Entities read at once, and files per entity. Some entities have thousands. */
const readsMax = 24;
const filesAtOnce = 8;
/** Once this many characters are read, no further entity is started. A batch of large payloads is processed in slices. */
const sliceCharactersMax = 48_000_000;

type Wanted = {
  projectId: string;
  orderingKey: string;
  payload: Pick<JobPayload<"ingestion.merge">, "entityType" | "entityId" | "fileKey">;
  jobs: BatchJob[];
};

type ReadSlice = {
  entities: Entity[];
  failed: { jobs: BatchJob[]; error: unknown }[];
  /** Not started because the slice is full. */
  rest: BatchJob[];
  /** Not started because their project has used up its share of this batch. */
  deferred: BatchJob[];
};

/** Groups jobs by entity and reads them until a slice is full. An entity that cannot be read fails alone. */
export const readEntities = async (deps: ReadDeps, jobs: readonly BatchJob[]): Promise<ReadSlice> => {
  const wanted = new Map<string, Wanted>();
  const failed: { jobs: BatchJob[]; error: unknown }[] = [];
  for (const job of jobs) {
    const parsed = jobKinds["ingestion.merge"].payload.safeParse(job.payload);
    if (!parsed.success) {
      const message = "The payload of the job is not of this version.";
      failed.push({ jobs: [job], error: new AppError({ code: "INTERNAL", message, cause: parsed.error }) });
      continue;
    }
    const payload = parsed.data;
    const key = entityName({ projectId: job.projectId, ...payload });
    const known = wanted.get(key);
    if (known === undefined) wanted.set(key, { projectId: job.projectId, orderingKey: job.orderingKey, payload, jobs: [job] });
    else known.jobs.push(job);
  }
  let logged: LoggedFiles;
  try {
    logged = await deps.listLogged(
      [...wanted.values()].map(({ projectId, payload: { entityType, entityId } }) => ({ projectId, entityType, entityId })),
    );
  } catch (error) {
    deps.signal.throwIfAborted();
    failed.push({ jobs: [...wanted.values()].flatMap((one) => one.jobs), error });
    return { entities: [], failed, rest: [], deferred: [] };
  }
  const entities: Entity[] = [];
  const rest: BatchJob[] = [];
  const deferred: BatchJob[] = [];
  let [characters, begun, ended] = [0, 0, 0];
  await forEachConcurrent([...wanted.values()], readsMax, async (one) => {
    // Estimates entities still being read by the average of the finished ones.
    if (characters > 0 && (characters * begun) / Math.max(1, ended) >= sliceCharactersMax) return void rest.push(...one.jobs);
    if (deps.budget.isSpent(one.projectId, allWork)) return void deferred.push(...one.jobs);
    begun++;
    try {
      const files = logged({ projectId: one.projectId, ...one.payload });
      deps.budget.spend(one.projectId, { files: files?.length ?? 1 });
      const entity = await readEntity(deps, one, files);
      deps.budget.spend(one.projectId, { characters: entity.origin.bytes ?? 0 });
      characters += entity.origin.bytes ?? 0;
      ended++;
      entities.push(entity);
    } catch (error) {
      deps.signal.throwIfAborted();
      begun--;
      failed.push({ jobs: one.jobs, error });
    }
  });
  return { entities, failed, rest, deferred };
};

/** Reads one entity. `logged` lists its files, or is undefined if the store must be asked. */
export const readEntity = async (
  deps: Omit<ReadDeps, "listLogged" | "budget">,
  { projectId, orderingKey, payload, jobs }: Wanted,
  logged: readonly EntityFile[] | undefined,
): Promise<Entity> => {
  const { entityType, entityId } = payload;
  const folder = entityFolder({ prefix: deps.prefix, projectId, entityType, entityId }, deps.segmentBytesMax, deps.sha256Hex);
  const own = new Map(
    jobs.map((job): [string, JobPayload<"ingestion.merge">] => {
      const parsed = jobKinds["ingestion.merge"].payload.parse(job.payload);
      return [parsed.fileKey, parsed];
    }),
  );
  // A file that is no longer listed was deleted, even if its job carries it. Without a log, any file may have been rewritten.
  const listed: readonly Pick<EntityFile, "key" | "isRewritten" | "firstStoredAt">[] =
    logged ??
    (await listObjects(deps.s3, folder, deps.signal)).map(({ key, modifiedMs }) => ({
      key,
      isRewritten: true,
      firstStoredAt: new Date(modifiedMs).toISOString(),
    }));
  const counting = new Set(entityType === "score" ? countingFiles(listed) : listed);
  const events: IngestionEvent[] = [];
  const refused: IngestionEvent[] = [];
  const files: WrittenFile[] = [];
  let bytes = 0;
  let newest: { event: IngestionEvent; key: string; origin: EventOrigin } | undefined;
  await forEachConcurrent(listed, filesAtOnce, async (one) => {
    const { key, isRewritten } = one;
    const job = own.get(key);
    // The content carried by a job may be older than what was stored under the same key since.
    const carried = isRewritten || job?.inline === undefined ? undefined : { text: job.inline, origin: job.origin ?? unknownOrigin };
    const file = carried ?? (await readEventFile(deps.s3, key, deps.signal));
    // The file was deleted after it was listed or its job was written, so it no longer counts.
    if (file === undefined) return;
    await deps.turns.pause();
    bytes += file.text.length;
    const found = parseFile(deps, key, file.text).filter((event) => event.entityType === entityType && event.entityId === entityId);
    if (!counting.has(one)) refused.push(...found);
    else
      for (const event of found) {
        if (newest === undefined || compareEvents(newest.event, event) < 0) newest = { event, key, origin: file.origin };
        events.push(event);
      }
    if (job !== undefined) files.push({ entityType, source: job.source, events: found.length });
  });
  return {
    projectId,
    entityType,
    entityId,
    orderingKey,
    jobs,
    events,
    refused,
    files,
    filesTotal: listed.length,
    fileVersions: new Set((logged ?? []).map(fileVersion)),
    isRewritten: listed.some((file) => file.isRewritten),
    // Origin of the newest event, so that any job or replay gives the same row.
    origin: { ...newest?.origin, filePath: newest?.key ?? payload.fileKey, bytes },
  };
};

/** Parses the events of one file. An event that is no longer valid is skipped and logged. Throws INTERNAL if the file is not JSON. */
export const parseFile = ({ log }: Pick<ReadDeps, "log">, key: string, text: string): IngestionEvent[] => {
  let items: unknown;
  try {
    items = parseExactJson(text);
  } catch (cause) {
    throw new AppError({ code: "INTERNAL", message: "A stored file of events is not JSON.", detail: key, cause });
  }
  return (Array.isArray(items) ? items : [items]).flatMap((item: unknown, place) => {
    const parsed = parseEvent(item, { isInternal: true });
    if (parsed.ok && parsed.event !== undefined) return [{ ...parsed.event, order: `${key}#${String(place).padStart(6, "0")}` }];
    log("warn", "stored_event_refused", { key, detail: parsed.ok ? "sdk-log" : parsed.error });
    return [];
  });
};
