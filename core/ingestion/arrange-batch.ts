/** Between parsing and storing: the events of one request to one group for each entity, each of which becomes a file and a job. Holds no copy of payloads. */
import { isRecord } from "../is-record.ts";
import { finish, type Pieces } from "../pieces.ts";
import { entityFolder, groupFileName, publicKeyFolder, type Sha256Hex, shortenedWithHash } from "./blob-key.ts";
import type { EntityType, IngestionEvent, Json } from "./event.ts";
import { isInSample, type SampledProjects } from "./sampling.ts";

/** An event and the JSON it was parsed from. */
export type ArrivedEvent = { event: IngestionEvent; original: unknown };

export type EventGroup = {
  entityType: EntityType;
  entityId: string;
  /** Of the first event. */
  eventId: string;
  /** The first that an event of the group names; of a trace its own id. */
  traceId: string | undefined;
  fileKey: string;
  /** In the order of processing; what the file holds. Each is the original but for what only the public form of parsing takes away (see storedForm). */
  events: Json[];
  /** Whether the group is in the sample, and so is processed. */
  isSampled: boolean;
  lane: string;
};

export type ArrangeOptions = {
  projectId: string;
  /** Of all keys; ends in a slash, or is empty. */
  prefix: string;
  sampling: SampledProjects;
  /** Greatest length of the parts of a key that come from ids. */
  segmentBytesMax: number;
  /** Of a sender that has no secret key. */
  publicKeyAlone?: string | undefined;
  sha256Hex: Sha256Hex;
};

/**
 * Creates before updates, then by time; groups in the order of their first events. Events of one instant stay in the order they were sent in: an SDK that renames a
 * trace in the millisecond it was made in means the second name.
 */
export const arrangeBatch = (arrived: readonly ArrivedEvent[], options: ArrangeOptions): EventGroup[] =>
  finish(arrangeInPieces(arrived, options));

/** The same group by group. */
export function* arrangeInPieces(arrived: readonly ArrivedEvent[], options: ArrangeOptions): Pieces<EventGroup[]> {
  const groups = new Map<string, [ArrivedEvent, ...ArrivedEvent[]]>();
  for (const next of arrived.toSorted(compareArrived)) {
    const key = `${next.event.entityType}/${next.event.entityId}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [next]);
    else group.push(next);
  }
  const arranged: EventGroup[] = [];
  for (const group of groups.values()) {
    arranged.push(groupOf(group, options));
    yield;
  }
  return arranged;
}

const groupOf = (group: [ArrivedEvent, ...ArrivedEvent[]], options: ArrangeOptions): EventGroup => {
  const { projectId, prefix, sampling, segmentBytesMax, sha256Hex } = options;
  const [{ event: first }] = group;
  const { entityType, entityId } = first;
  const events = group.map(({ event }) => event);
  const traceId = events.map(traceIdOf).find(isNamed);
  const folder = options.publicKeyAlone === undefined ? "" : publicKeyFolder(options.publicKeyAlone, sha256Hex);
  const fileName = groupFileName(
    events.map(({ id }) => id),
    segmentBytesMax - folder.length,
    sha256Hex,
  );
  return {
    entityType,
    entityId,
    eventId: first.id,
    traceId,
    fileKey: `${entityFolder({ prefix, projectId, entityType, entityId }, segmentBytesMax, sha256Hex)}${folder}${fileName}`,
    events: group.map(storedForm),
    isSampled: isInSample({ projectId, traceId }, sampling, sha256Hex),
    lane: laneOf({ projectId, entityType, entityId, traceId, scopeId: events.map(scopeIdOf).find(isNamed) }, sha256Hex),
  };
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compareArrived = ({ event: a }: ArrivedEvent, { event: b }: ArrivedEvent): number =>
  Number(a.isUpdate) - Number(b.isUpdate) || compareText(a.timestamp, b.timestamp);

const isNamed = (id: string | null | undefined): id is string => id !== undefined && id !== null && id !== "";

/** The trace an event belongs to, as far as it says. */
export const traceIdOf = (event: IngestionEvent): string | null | undefined =>
  event.entityType === "trace" ? event.entityId : event.body.traceId;

/** What a score without a trace belongs to. */
const scopeIdOf = (event: IngestionEvent): string | null | undefined =>
  event.entityType === "score" ? (event.body.sessionId ?? event.body.datasetRunId) : undefined;

/** A lane is a key of an index in Postgres, where a row has 2.7 kB. */
const laneIdBytesMax = 1024;

/** The lane of what belongs to a trace is that of the trace; else that of the session or dataset run (`scopeId`); else its own. An observation without a trace is one by itself. */
export const laneOf = (
  of: { projectId: string; entityType: EntityType; entityId: string; traceId: string | undefined; scopeId?: string | undefined },
  sha256Hex: Sha256Hex,
): string =>
  `${of.projectId}/${shortenedWithHash(of.traceId ?? of.scopeId ?? (of.entityType === "observation" ? of.entityId : `${of.entityType}/${of.entityId}`), laneIdBytesMax, sha256Hex)}`;

/**
 * The original, made so that parsed again as internal it is the same event: the runner cannot tell whose file it reads. What the public may not say is taken out,
 * and an environment is stored as it was understood.
 */
const storedForm = ({ event, original }: ArrivedEvent): Json => {
  if (!isRecord(original) || !isRecord(original["body"])) return asJson(original);
  const { body } = original;
  const environment = "environment" in event.body ? event.body.environment : undefined;
  const dropped = internalFields.filter((field) => Object.hasOwn(body, field) && Reflect.get(event.body, field) === undefined);
  const isRenamed = environment !== undefined && body["environment"] !== environment;
  if (dropped.length === 0 && !isRenamed) return asJson(original);
  const kept = Object.fromEntries(Object.entries(body).filter(([field]) => !dropped.includes(field)));
  return asJson({ ...original, body: { ...kept, ...(isRenamed ? { environment } : {}) } });
};

/** What only our own reading of OpenTelemetry says. */
const internalFields: readonly string[] = ["otel", "rollUps"];

/** It was parsed from JSON, or made of what was. */
const asJson = (value: unknown): Json => value as Json;
