/**
 * Lists the sort keys under which an attempt that lost its lease may still write an entity, long after its successor looked for older rows.
 * It may have seen only some of the events, so every combination of their values counts. A row written there as deleted, with a later
 * version, wins whenever the stale row arrives.
 */
import { isOtelKey } from "../../core/ingestion/blob-key.ts";
import { columnText } from "../../core/ingestion/column-text.ts";
import { instantText } from "../../core/ingestion/rows.ts";
import { isRecord } from "../../core/is-record.ts";
import type { KeyedTable } from "../../db/clickhouse/stored-entities.ts";
import type { Entity } from "./read-slice.ts";

/** Limit per entity. Real entities have a few; a hostile one could name millions. */
const sortKeysMax = 100;

type PossibleSortKey = { table: KeyedTable; key: Record<string, string> };

/**
 * Returns whether an earlier attempt may have lost its lease and still write. The job of an entity that a request left follows such an
 * attempt.
 */
export const wasAttempted = ({ jobs, requestJobs }: Pick<Entity, "jobs" | "requestJobs">): boolean =>
  [...jobs, ...requestJobs].some(({ attempt, losses }) => attempt > 1 || losses > 0) ||
  jobs.some(({ payload }) => isRecord(payload) && typeof payload["fileKey"] === "string" && isOtelKey(payload["fileKey"]));

/** Lists the traces that the events of an observation name. An event without one counts as a trace with the id of the observation. */
export const namedTraces = ({ entityId, events }: Pick<Entity, "entityId" | "events">): string[] => [
  ...new Set(events.flatMap((event) => (event.entityType === "observation" ? [columnText(event.body.traceId ?? entityId)] : []))),
];

/** Returns the first `sortKeysMax` pairs. */
const pairs = <A, B>(as: Iterable<A>, bs: Iterable<B>): [A, B][] => {
  const found: [A, B][] = [];
  for (const a of as)
    for (const b of bs) {
      if (found.length >= sortKeysMax) return found;
      found.push([a, b]);
    }
  return found;
};

/** Returns none for an entity on its first attempt: only one runner has had it. */
export const possibleSortKeys = (entity: Entity): PossibleSortKey[] => {
  if (!wasAttempted(entity)) return [];
  const { entityType } = entity;
  const events = [...entity.events, ...entity.refused];
  const times = new Set<string>();
  const types = new Set<string>(["SPAN"]);
  const names = new Set<string>();
  for (const event of events) {
    const own = event.entityType === "trace" ? event.body.timestamp : event.entityType === "observation" ? event.body.startTime : undefined;
    times.add(instantText(own ?? event.timestamp));
    if (event.entityType === "observation" && event.body.type !== undefined) types.add(event.body.type);
    if (event.entityType === "score") names.add(columnText(event.body.dataType === "CORRECTION" ? "output" : event.body.name));
  }
  const days = [...new Map([...times].map((time) => [time.slice(0, 10), time])).values()];
  switch (entityType) {
    case "trace":
      return days.slice(0, sortKeysMax).map((timestamp) => ({ table: "traces", key: { timestamp } }));
    case "score":
      return pairs(days, names).map(([timestamp, name]) => ({ table: "scores", key: { timestamp, name } }));
    case "observation":
      return [
        ...pairs(types, days).map(([type, start_time]): PossibleSortKey => ({ table: "observations", key: { type, start_time } })),
        ...pairs(times, namedTraces(entity)).map(
          ([start_time, trace_id]): PossibleSortKey => ({ table: "events", key: { start_time, trace_id } }),
        ),
      ];
    case "dataset_run_item":
      return [];
    default:
      return entityType satisfies never;
  }
};
