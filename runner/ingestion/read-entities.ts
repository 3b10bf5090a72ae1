/**
 * Ingestion, reading: loads all events of the entities that jobs name, from all their files. Memory: the events of one slice of a batch.
 */

import { AppError } from "../../core/errors.ts";
import { parseExactJson } from "../../core/exact-json.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { entityFolder, isOtelKey } from "../../core/ingestion/blob-key.ts";
import type { EntityType, IngestionEvent } from "../../core/ingestion/event.ts";
import { type EventOrigin, unknownOrigin } from "../../core/ingestion/event-origin.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { countingFiles } from "../../core/ingestion/merge/counting-files.ts";
import { compareEvents } from "../../core/ingestion/merge/order-events.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { type EntityFile, type EntityName, entityName, type LoggedEntity } from "../../db/event-store/logged-objects.ts";
import { listObjects } from "../../db/object-store/read-objects.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import type { WrittenFile } from "../deps.ts";
import { orderOf } from "./map-request.ts";
import { openRequests } from "./open-requests.ts";
import { allWork } from "./project-budget.ts";
import type { Entity, OnlyRequest, ReadDeps, ReadSlice, Wanted } from "./read-slice.ts";

/** Identifies the content of a file at one time. */
export const fileVersion = ({ key, storedAt }: Pick<EntityFile, "key" | "storedAt">): string => `${storedAt} ${key}`;

/** Entities read at once, and files per entity. Some entities have thousands. */
const readsMax = 24;
const filesAtOnce = 8;
/** Once this many characters are read, no further entity is started. A batch of large payloads is processed in slices. */
const sliceCharactersMax = 48_000_000;

/** Groups jobs by entity and reads them until a slice is full. An entity or request that cannot be read fails alone. */
export const readEntities = async (deps: ReadDeps, jobs: readonly BatchJob[]): Promise<ReadSlice> => {
  const { wanted, requestJobs, failed } = groupJobs(jobs);
  const requests = await openRequests(deps, requestJobs);
  failed.push(...requests.failed);
  for (const one of requests.wanted) addWanted(wanted, one);
  const slice: ReadSlice = { entities: [], failed, unread: [], opened: requests.opened, rest: requests.rest, deferred: requests.deferred };
  // Entities of requests are in memory, so they are finished with this slice, whatever it already holds.
  const isOpened = ({ requestJobs: own }: Wanted) => own.length > 0;
  let filesOf: (one: Wanted) => LoggedEntity;
  try {
    filesOf = await listFiles(deps, [...wanted.values()]);
  } catch (error) {
    deps.signal.throwIfAborted();
    failed.push({ jobs: [...requests.opened, ...[...wanted.values()].flatMap((one) => one.jobs)], error });
    return { ...slice, opened: [] };
  }
  // Entities of one request are read one after the other, so that it is read once.
  const requestOf = (one: Wanted) => filesOf(one).files.find(({ key }) => isOtelKey(key))?.key ?? "";
  const ordered = [...wanted.values()]
    .map((one) => ({ one, place: isOpened(one) ? "" : `x${requestOf(one)}` }))
    .toSorted((a, b) => (a.place === b.place ? 0 : a.place < b.place ? -1 : 1))
    .map(({ one }) => one);
  let [characters, begun, ended] = [requests.characters, 0, 0];
  await forEachConcurrent(ordered, readsMax, async (one) => {
    // Estimates entities still being read by the average of the finished ones.
    const isFull = characters > 0 && (characters * begun) / Math.max(1, ended) >= sliceCharactersMax;
    if (!isOpened(one) && (isFull || requests.rest.length > 0)) return void slice.rest.push(...one.jobs);
    if (!isOpened(one) && deps.budget.isSpent(one.projectId, allWork)) return void slice.deferred.push(...one.jobs);
    begun++;
    try {
      const files = filesOf(one);
      deps.budget.spend(one.projectId, { files: filesToRead(one, files) });
      const entity = await readEntity(deps, one, files);
      // The opened request counts already.
      if (one.onlyRequest === undefined) deps.budget.spend(one.projectId, { characters: entity.origin.bytes ?? 0 });
      if (!isOpened(one)) characters += entity.origin.bytes ?? 0;
      ended++;
      slice.entities.push(entity);
    } catch (error) {
      deps.signal.throwIfAborted();
      begun--;
      slice.unread.push({ entity: { ...one, ...one.payload }, error });
    }
  });
  return slice;
};

/**
 * Asks the log for the files of each entity, except where a request is known to be all that it has. If the log of the project is
 * incomplete, the store may have files of that entity too.
 */
const listFiles = async (
  { listLogged }: Pick<ReadDeps, "listLogged">,
  wanted: readonly Wanted[],
): Promise<(one: Wanted) => LoggedEntity> => {
  const nameOf = ({ projectId, payload: { entityType, entityId } }: Wanted): EntityName => ({ projectId, entityType, entityId });
  const asked = wanted.filter(({ onlyRequest }) => onlyRequest === undefined);
  const logged = await listLogged(asked.map(nameOf));
  // Each request writes its traces, so the log was asked about every project.
  const complete = new Set(asked.flatMap((one) => (logged(nameOf(one)).isComplete ? [one.projectId] : [])));
  return (one) => (one.onlyRequest === undefined ? logged(nameOf(one)) : onlyIn(one.onlyRequest, complete.has(one.projectId)));
};

/** A request that is all the log has of an entity. When it was stored decides nothing then. */
const onlyIn = (request: OnlyRequest, isComplete: boolean): LoggedEntity => ({
  files: [{ ...request, isRewritten: false, storedAt: "", firstStoredAt: "", traceEvents: null }],
  isComplete,
});

/** Files that nothing else counts: requests do when they are read. An incomplete log tells nothing about how many there are. */
const filesToRead = ({ requestJobs, onlyRequest }: Wanted, { files, isComplete }: LoggedEntity): number => {
  if (onlyRequest !== undefined) return 0;
  if (!isComplete) return 1;
  return requestJobs.length === 0 ? files.length : files.filter(({ key }) => !isOtelKey(key)).length;
};

const groupJobs = (jobs: readonly BatchJob[]) => {
  const wanted = new Map<string, Wanted>();
  const requestJobs: BatchJob[] = [];
  const failed: { jobs: BatchJob[]; error: unknown }[] = [];
  for (const job of jobs) {
    const parsed = jobKinds["ingestion.merge"].payload.safeParse(job.payload);
    if (!parsed.success) {
      const message = "The payload of the job is not of this version.";
      failed.push({ jobs: [job], error: new AppError({ code: "INTERNAL", message, cause: parsed.error }) });
    } else if (parsed.data.isOtelRequest === true) requestJobs.push(job);
    else addWanted(wanted, { projectId: job.projectId, orderingKey: job.orderingKey, payload: parsed.data, jobs: [job], requestJobs: [] });
  }
  return { wanted, requestJobs, failed };
};

/** If the entity is wanted by several, what one of them knows of its files does not count. */
const addWanted = (wanted: Map<string, Wanted>, one: Wanted): void => {
  const key = entityName({ projectId: one.projectId, ...one.payload });
  const known = wanted.get(key);
  if (known === undefined) return void wanted.set(key, one);
  known.jobs.push(...one.jobs);
  known.requestJobs.push(...one.requestJobs);
  known.onlyRequest = undefined;
};

/** Reads one entity from the files that the log names, and from those of its folder if the log is incomplete. */
export const readEntity = async (
  deps: Omit<ReadDeps, "listLogged" | "budget">,
  { projectId, orderingKey, payload, jobs, requestJobs, onlyRequest }: Wanted,
  logged: LoggedEntity,
): Promise<Entity> => {
  const { entityType, entityId } = payload;
  const own = new Map(
    [...jobs, ...requestJobs].map((job): [string, JobPayload<"ingestion.merge">] => {
      const parsed = jobKinds["ingestion.merge"].payload.parse(job.payload);
      return [parsed.fileKey, parsed];
    }),
  );
  const listed = logged.isComplete ? logged.files : [...logged.files, ...(await listFolder(deps, { projectId, entityType, entityId }))];
  const counting = new Set(entityType === "score" ? countingFiles(listed) : listed);
  const found: FoundFile[] = [];
  await forEachConcurrent(listed, filesAtOnce, async (file) => {
    const read = isOtelKey(file.key)
      ? await readRequest(deps, { projectId, entityType, entityId }, file)
      : await readFile(deps, file, own.get(file.key));
    // The file was deleted after it was listed or its job was written, so it no longer counts.
    if (read === undefined) return;
    await deps.turns.pause();
    const events = read.events.filter((event) => event.entityType === entityType && event.entityId === entityId);
    found.push({ ...read, events, file });
  });
  const spans = new Set(found.flatMap(({ file, events }) => (isOtelKey(file.key) ? events.map(({ id }) => id) : [])));
  const events: IngestionEvent[] = [];
  const refused: IngestionEvent[] = [];
  const files: WrittenFile[] = [];
  let newest: { event: IngestionEvent; key: string; origin: EventOrigin } | undefined;
  for (const { file, events: all, origin } of found) {
    // An older version stored the events of a span; those made from its request today replace them.
    const ofFile = spans.size === 0 || isOtelKey(file.key) ? all : all.filter(({ id }) => !spans.has(id));
    if (!counting.has(file)) refused.push(...ofFile);
    else
      for (const event of ofFile) {
        if (newest === undefined || compareEvents(newest.event, event) < 0) newest = { event, key: file.key, origin };
        events.push(event);
      }
    const job = own.get(file.key);
    if (job !== undefined) files.push({ entityType, source: job.source, events: ofFile.length });
  }
  return {
    projectId,
    entityType,
    entityId,
    orderingKey,
    jobs,
    requestJobs,
    onlyRequest,
    events,
    refused,
    files,
    filesTotal: listed.length,
    firstStoredAt: listed
      .map((file) => file.firstStoredAt)
      .filter((at) => at !== "")
      .toSorted()[0],
    fileVersions: new Set(logged.files.map(fileVersion)),
    isRewritten: listed.some((file) => file.isRewritten),
    // Origin of the newest event, so that any job or replay gives the same row.
    origin: {
      ...newest?.origin,
      filePath: newest?.key ?? payload.fileKey,
      bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
};

type ReadFile = { events: readonly IngestionEvent[]; bytes: number; origin: EventOrigin };
type FoundFile = ReadFile & { file: EntityFile };

/** Without a log, any file may have been rewritten. */
const listFolder = async (
  { s3, prefix, segmentBytesMax, sha256Hex, signal }: Pick<ReadDeps, "s3" | "prefix" | "segmentBytesMax" | "sha256Hex" | "signal">,
  entity: { projectId: string; entityType: EntityType; entityId: string },
): Promise<EntityFile[]> =>
  (await listObjects(s3, entityFolder({ prefix, ...entity }, segmentBytesMax, sha256Hex), signal)).map(({ key, modifiedMs }) => {
    const storedAt = new Date(modifiedMs).toISOString();
    return { key, isRewritten: true, storedAt, firstStoredAt: storedAt, traceId: null, traceEvents: null };
  });

/** The content carried by a job may be older than what was stored under the same key since. */
const readFile = async (
  deps: Pick<ReadDeps, "s3" | "signal" | "log">,
  { key, isRewritten }: EntityFile,
  job: JobPayload<"ingestion.merge"> | undefined,
): Promise<ReadFile | undefined> => {
  const carried = isRewritten || job?.inline === undefined ? undefined : { text: job.inline, origin: job.origin ?? unknownOrigin };
  const file = carried ?? (await readEventFile(deps.s3, key, deps.signal));
  return file && { events: parseFile(deps, key, file.text), bytes: file.text.length, origin: file.origin };
};

/** Events of a trace are in the log, unless they are too long. */
const readRequest = async (
  deps: Omit<ReadDeps, "listLogged" | "budget">,
  entity: { projectId: string; entityType: EntityType; entityId: string },
  { key, traceId, traceEvents }: EntityFile,
): Promise<ReadFile | undefined> => {
  const text = traceEvents === null ? "" : await traceEvents();
  if (text === "") return deps.requests.eventsOf({ ...entity, fileKey: key, traceId: traceId ?? "" });
  const events = parseFile(deps, key, text).map((event) => ({
    ...event,
    order: orderOf({ ...deps, store: deps }, { projectId: entity.projectId, fileKey: key }, event),
  }));
  return { events, bytes: text.length, origin: unknownOrigin };
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
