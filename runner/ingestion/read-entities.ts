/** Ingestion, reading: every event of the entities that jobs are about, from all their files. Memory: the events of one slice of a batch. */

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
  /** The files of entities, by the event log; where that is not complete the store is asked for each entity. */
  listLogged: (entities: readonly EntityName[]) => Promise<LoggedFiles>;
  prefix: string;
  segmentBytesMax: number;
  sha256Hex: Sha256Hex;
  log: Log;
  signal: AbortSignal;
  turns: Turns;
  budget: ProjectBudget;
};

/** One entity with everything that was ever sent about it, and the jobs of this batch that are about it. */
export type Entity = {
  projectId: string;
  entityType: EntityType;
  entityId: string;
  orderingKey: string;
  jobs: BatchJob[];
  events: IngestionEvent[];
  /** Of a score: what senders said who may not change it. Rows may have been made of it before others came. */
  refused: IngestionEvent[];
  /** The files of those jobs: what is new in this batch. */
  files: WrittenFile[];
  filesTotal: number;
  /** `fileVersion` of each that the log named. */
  fileVersions: ReadonlySet<string>;
  /** One of its files has been stored more than once: rows may have been made of what it held before. */
  isRewritten: boolean;
  origin: MergeOrigin;
};

/** What was in a file at one time. */
export const fileVersion = ({ key, storedAt }: Pick<EntityFile, "key" | "storedAt">): string => `${storedAt} ${key}`;

/** Entities read at once, and files of one of them: some have thousands. */
const readsMax = 24;
const filesAtOnce = 8;
/** Once so many characters are read, no further entity is begun: a batch of large payloads is worked on in slices. */
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
  /** Not begun, as the slice is full. */
  rest: BatchJob[];
  /** Not begun, as their project has had its share of this batch. */
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
    // Those under way count as the others were on average.
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

/** One entity; `logged` are its files, undefined where the store has to be asked. */
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
  // What is not listed any more was deleted, whatever its job holds. Without a log nobody knows what was rewritten.
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
    // What travels with a job may be older than what was stored since under the same key.
    const carried = isRewritten || job?.inline === undefined ? undefined : { text: job.inline, origin: job.origin ?? unknownOrigin };
    const file = carried ?? (await readEventFile(deps.s3, key, deps.signal));
    // Deleted since it was listed, or since its job was written: what is deleted counts no more.
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
    // Of the newest event, so that whichever job comes, or a replay, gives the same row.
    origin: { ...newest?.origin, filePath: newest?.key ?? payload.fileKey, bytes },
  };
};

/** The events of one file. What was valid when it came and is not any more is left out and said; a file that is no JSON fails its entity. */
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
