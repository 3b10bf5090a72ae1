/**
 * Where rows of an entity may come to lie that were made from some of its events only. An attempt that lost its lease may still write such a row, long after the one that took
 * over has looked for older rows: what is written there as deleted beforehand, with a later version, takes effect whenever that row comes.
 */
import { columnText } from "../../core/ingestion/column-text.ts";
import { instantText } from "../../core/ingestion/rows.ts";
import type { PlacedTable } from "../../db/clickhouse/stored-entities.ts";
import type { Entity } from "./read-entities.ts";

/** More are made by nobody in earnest. */
const placesMax = 100;

type Place = { table: PlacedTable; key: Record<string, string> };

/** An attempt that lost its lease may still write. */
export const wasTried = ({ jobs }: Pick<Entity, "jobs">): boolean => jobs.some(({ attempt, losses }) => attempt > 1 || losses > 0);

/** Every trace that a row of an observation may have been written of, as long as its events say what they said; its own where one names none. */
export const namedTraces = ({ entityId, events }: Pick<Entity, "entityId" | "events">): string[] => [
  ...new Set(events.flatMap((event) => (event.entityType === "observation" ? [columnText(event.body.traceId ?? entityId)] : []))),
];

/** The first `placesMax`: thousands of times and of traces are millions of pairs. */
const pairs = <A, B>(as: Iterable<A>, bs: Iterable<B>): [A, B][] => {
  const found: [A, B][] = [];
  for (const a of as)
    for (const b of bs) {
      if (found.length >= placesMax) return found;
      found.push([a, b]);
    }
  return found;
};

/** Only for an entity that was tried before; all others were never in two hands. */
export const possiblePlaces = (entity: Entity): Place[] => {
  if (!wasTried(entity)) return [];
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
      return days.slice(0, placesMax).map((timestamp) => ({ table: "traces", key: { timestamp } }));
    case "score":
      return pairs(days, names).map(([timestamp, name]) => ({ table: "scores", key: { timestamp, name } }));
    case "observation":
      return [
        ...pairs(types, days).map(([type, start_time]): Place => ({ table: "observations", key: { type, start_time } })),
        ...pairs(times, namedTraces(entity)).map(([start_time, trace_id]): Place => ({ table: "events", key: { start_time, trace_id } })),
      ];
    case "dataset_run_item":
      return [];
    default:
      return entityType satisfies never;
  }
};
