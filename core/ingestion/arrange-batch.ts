/**
 * Ingestion, between parsing and storing: arranges the events of one request into one group per entity. Each group becomes a file and a
 * job. Copies no payloads.
 */
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
  /** Id of the first event. */
  eventId: string;
  /** The first trace id that an event of the group names. A trace is its own. */
  traceId: string | undefined;
  fileKey: string;
  /**
   * The contents of the file, in processing order. Each is the original, except for what only the public parser removes (see storedForm).
   */
  events: Json[];
  /** Whether the group is in the sample. Groups outside it are stored but not processed. */
  isSampled: boolean;
  orderingKey: string;
};

export type ArrangeOptions = {
  projectId: string;
  /** Prefix of all keys; empty, or ends in a slash. */
  prefix: string;
  sampling: SampledProjects;
  /** Maximum bytes of the key segments that come from ids. */
  segmentBytesMax: number;
  /** Set for a sender that has only a public key. */
  publicKeyAlone?: string | undefined;
  sha256Hex: Sha256Hex;
};

/**
 * Sorts creates before updates, then by time; groups follow their first events. Events with the same time keep the order sent: an SDK that
 * renames a trace in the millisecond of its creation means the second name.
 */
export const arrangeBatch = (arrived: readonly ArrivedEvent[], options: ArrangeOptions): EventGroup[] =>
  finish(arrangeInPieces(arrived, options));

/** Does the same, yielding after each group. */
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
    orderingKey: orderingKeyOf({ projectId, entityType, entityId, traceId, scopeId: events.map(scopeIdOf).find(isNamed) }, sha256Hex),
  };
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compareArrived = ({ event: a }: ArrivedEvent, { event: b }: ArrivedEvent): number =>
  Number(a.isUpdate) - Number(b.isUpdate) || compareText(a.timestamp, b.timestamp);

const isNamed = (id: string | null | undefined): id is string => id !== undefined && id !== null && id !== "";

/** Returns the id of the trace the event belongs to, if the event names one. */
export const traceIdOf = (event: IngestionEvent): string | null | undefined =>
  event.entityType === "trace" ? event.entityId : event.body.traceId;

/** Returns what a score without a trace belongs to: a session or a dataset run. */
const scopeIdOf = (event: IngestionEvent): string | null | undefined =>
  event.entityType === "score" ? (event.body.sessionId ?? event.body.datasetRunId) : undefined;

/** Maximum bytes of an ordering key. It is indexed in Postgres, where an index row holds at most 2.7 kB. */
const orderingIdBytesMax = 1024;

/**
 * Returns the ordering key. Everything that belongs to a trace shares the trace's key, else the key of its session or dataset run
 * (`scopeId`), else it has its own. An observation without a trace is a trace by itself.
 */
export const orderingKeyOf = (
  of: { projectId: string; entityType: EntityType; entityId: string; traceId: string | undefined; scopeId?: string | undefined },
  sha256Hex: Sha256Hex,
): string =>
  `${of.projectId}/${shortenedWithHash(of.traceId ?? of.scopeId ?? (of.entityType === "observation" ? of.entityId : `${of.entityType}/${of.entityId}`), orderingIdBytesMax, sha256Hex)}`;

/**
 * Makes an original that parses as internal to the same event, so the runner does not need to know who sent a file. Removes fields the
 * public may not set and stores the environment in its normalized form.
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

/** Fields that only our own OpenTelemetry mapping may set. */
const internalFields: readonly string[] = ["otel", "rollUps"];

/** Holds because the value was parsed from JSON, or built from values that were. */
const asJson = (value: unknown): Json => value as Json;
