/**
 * Ingestion: assigns observation ids to one OpenTelemetry request and records them in the event log. A plain span id has exactly one row in
 * the log, whatever its file's name.
 * If two requests want it for two traces at once, one cannot commit and looks again. So an assigned id never changes, whoever replays what.
 */

import { sql } from "drizzle-orm";
import { entityFolder, groupFileName } from "../../core/ingestion/blob-key.ts";
import { eventIdOfSpan } from "../../core/otel/map-spans.ts";
import { chooseObservationIds, plainId, qualifiedId, type SpanRef, spanRefs } from "../../core/otel/observation-ids.ts";
import type { OtlpTraces } from "../../core/otel/otlp-traces.ts";
import { reservedEventId } from "../../db/event-store/reserved-event-id.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { EventStore, LoggedObject } from "./event-store.ts";

export type ObservationIds = {
  idOf: (ref: SpanRef) => string;
  /** Id of the log row that an observation must be recorded in, by observation id; absent where any row will do. */
  logIds: ReadonlyMap<string, string>;
  /**
   * Parents that have not arrived, recorded with the request so that no other trace gets their ids. Their files do not exist yet; readers
   * of the log treat them as deleted.
   */
  reserved: readonly LoggedObject[];
  /** Ids under which the log had anything when they were looked up. */
  known: ReadonlySet<string>;
};

/** Thrown if another trace got a span id first; a new lookup in the log then finds it. */
export class ObservationIdTaken extends Error {
  readonly logIds: ReadonlySet<string>;

  /** `logIds`: the rows that belong to another trace. */
  constructor(logIds: ReadonlySet<string>) {
    super("Another trace has the span id.");
    this.logIds = logIds;
  }
}

const takenMax = 10;

/** Runs `act` again if an id it wanted to assign was taken meanwhile. */
export const untilNoneIsTaken =
  <Input, Result>(act: (input: Input) => Promise<Result>) =>
  async (input: Input): Promise<Result> => {
    for (let times = 1; ; times++) {
      try {
        return await act(input);
      } catch (error) {
        if (!(error instanceof ObservationIdTaken) || times === takenMax) throw error;
      }
    }
  };

/** Ids looked up per statement. */
const refsAtOnce = 5000;

export const giveObservationIds = async (
  { db, sha256Hex }: Pick<EventStore, "db" | "sha256Hex">,
  { projectId, prefix, segmentBytesMax }: { projectId: string; prefix: string; segmentBytesMax: number },
  traces: OtlpTraces,
): Promise<ObservationIds> => {
  const { spans, parents } = spanRefs(traces);
  const refs = [...spans, ...parents];
  const owners = new Map<string, Owner>();
  for (let from = 0; from < refs.length; from += refsAtOnce)
    for (const owner of await findOwners(db, projectId, refs.slice(from, from + refsAtOnce))) owners.set(owner.observationId, owner);
  const ids = chooseObservationIds(refs, (id) => owners.get(id)?.traceId);
  const idOf = (ref: SpanRef) => ids.get(qualifiedId(ref)) ?? plainId(ref);
  const claimOf = (id: string) => `${claimPrefix}${sha256Hex(JSON.stringify([projectId, id])).slice(0, 32)}`;
  // An id recorded before such rows existed already has another row.
  const isClaimed = (ref: SpanRef) => {
    const owner = owners.get(plainId(ref));
    return idOf(ref) === plainId(ref) && (owner === undefined || owner.traceId === null || owner.logId.startsWith(claimPrefix));
  };
  const logIds = new Map(refs.filter(isClaimed).map((ref) => [plainId(ref), claimOf(plainId(ref))]));
  const reserved = parents
    .filter((ref) => !owners.has(idOf(ref)))
    .map((ref): LoggedObject => {
      const entityId = idOf(ref);
      const logId = logIds.get(entityId);
      const folder = entityFolder({ prefix, projectId, entityType: "observation", entityId }, segmentBytesMax, sha256Hex);
      const fileKey = `${folder}${groupFileName([eventIdOfSpan(ref)], segmentBytesMax, sha256Hex)}`;
      return { fileKey, entityType: "observation", entityId, eventId: reservedEventId, traceId: ref.traceId, ...(logId && { logId }) };
    });
  return { idOf, logIds, reserved, known: new Set(owners.keys()) };
};

/** Returns those of the ids under which the log has observations. */
export const listNamed = async (db: Database, wanted: readonly { projectId: string; observationId: string }[]): Promise<typeof wanted> =>
  wanted.length === 0
    ? []
    : execute<{ projectId: string; observationId: string }>(
        db,
        sql`select w."projectId", w."observationId" from (select distinct * from json_to_recordset(${JSON.stringify(wanted)}::json) as r("projectId" text, "observationId" text)) w
          where exists (select 1 from event_log e where e.project_id = w."projectId" and e.entity_type = 'observation' and left(e.entity_id, 200) = left(w."observationId", 200)
            and e.entity_id = w."observationId")`,
      );

/** Prefix of the row id of a plain span id. */
const claimPrefix = "spn_";

type Owner = { observationId: string; logId: string; traceId: string | null };

/**
 * Finds the owners of both possible ids of each span: the trace that has the span id's row, else the one logged first. Costs two probes of
 * the entity index per span.
 */
const findOwners = (db: Database, projectId: string, refs: readonly SpanRef[]): Promise<Owner[]> => {
  const wanted = [...new Set(refs.flatMap((ref) => [plainId(ref), qualifiedId(ref)]))];
  return execute<Owner>(
    db,
    sql`select w.id as "observationId", o.id as "logId", o.trace_id as "traceId" from json_array_elements_text(${JSON.stringify(wanted)}::json) as w(id)
      cross join lateral (
        select e.id, e.trace_id from event_log e
        where e.project_id = ${projectId} and e.entity_type = 'observation' and left(e.entity_id, 200) = w.id and e.entity_id = w.id
        order by not starts_with(e.id, ${claimPrefix}), e.trace_id is null, e.created_at, e.id limit 1
      ) o`,
  );
};
