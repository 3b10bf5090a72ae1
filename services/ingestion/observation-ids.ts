/**
 * Gives the observations of one OpenTelemetry request their ids, by the event log, and remembers them there. A plain span id has one row in the log, whatever its file is called: of two
 * requests that want it for two traces at once, one cannot commit and looks again. So an id that was given out never changes, whoever replays what.
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
  /** The row of the log that an observation has to be written down in, by its id; absent where any will do. */
  logIds: ReadonlyMap<string, string>;
  /** Parents that have not come: written down with the request, so that no other trace gets their ids. Their files do not exist yet, which readers of the log take for deleted ones. */
  reserved: readonly LoggedObject[];
};

/** Thrown when another trace got a span id first; looked at again, the log says so. */
export class ObservationIdTaken extends Error {
  readonly logIds: ReadonlySet<string>;

  /** `logIds`: the rows that belong to another trace. */
  constructor(logIds: ReadonlySet<string>) {
    super("Another trace has the span id.");
    this.logIds = logIds;
  }
}

const takenMax = 10;

/** `act`, run again when an id it was to give was taken meanwhile. */
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

/** What is looked up in one statement. */
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
  // One that was written down before there were such rows has another already.
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
  return { idOf, logIds, reserved };
};

/** Which of these ids the log knows observations under. */
export const listNamed = async (db: Database, wanted: readonly { projectId: string; observationId: string }[]): Promise<typeof wanted> =>
  wanted.length === 0
    ? []
    : execute<{ projectId: string; observationId: string }>(
        db,
        sql`select w."projectId", w."observationId" from (select distinct * from json_to_recordset(${JSON.stringify(wanted)}::json) as r("projectId" text, "observationId" text)) w
          where exists (select 1 from event_log e where e.project_id = w."projectId" and e.entity_type = 'observation' and left(e.entity_id, 200) = left(w."observationId", 200)
            and e.entity_id = w."observationId")`,
      );

/** Of the row of a plain span id. */
const claimPrefix = "spn_";

type Owner = { observationId: string; logId: string; traceId: string | null };

/** Whose the ids are, both of each span: of the trace that has the row of the span id, else of the one that was logged first. Two probes of the index on entities for each. */
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
