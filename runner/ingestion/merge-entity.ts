/** Ingestion, merging: turns all events of an entity into its row. */
import type {
  DatasetRunItemEvent,
  IngestionEvent,
  ObservationEvent,
  RootContent,
  ScoreEvent,
  TraceEvent,
} from "../../core/ingestion/event.ts";
import type { MergeContext } from "../../core/ingestion/merge/merge-context.ts";
import { mergeDatasetRunItem } from "../../core/ingestion/merge/merge-dataset-run-item.ts";
import { type MergedObservation, mergeObservation } from "../../core/ingestion/merge/merge-observation.ts";
import { mergeScore } from "../../core/ingestion/merge/merge-score.ts";
import { mergeTrace } from "../../core/ingestion/merge/merge-trace.ts";
import type { DatasetRunItemRow, ScoreRow, TraceRow } from "../../core/ingestion/rows.ts";
import type { Entity } from "./read-slice.ts";

export type MergedEntity = { entity: Entity } & (
  | { kind: "trace"; row: TraceRow }
  | { kind: "observation"; merged: MergedObservation }
  | { kind: "score"; row: ScoreRow }
  | { kind: "dataset_run_item"; row: DatasetRunItemRow }
);

const only = <E extends IngestionEvent>(events: readonly IngestionEvent[], type: E["entityType"]): E[] =>
  events.filter((event): event is E => event.entityType === type);

/** Returns undefined if no event is left, such as after a deletion. `rootContent` is for traces; see `readRootPortion`. */
export const mergeEntity = (entity: Entity, context: MergeContext, rootContent?: RootContent): MergedEntity | undefined => {
  const { entityType, events } = entity;
  switch (entityType) {
    case "trace": {
      const row = mergeTrace(only<TraceEvent>(events, "trace"), context, rootContent);
      return row && { entity, kind: "trace", row };
    }
    case "observation": {
      const merged = mergeObservation(only<ObservationEvent>(events, "observation"), context);
      return merged && { entity, kind: "observation", merged };
    }
    case "score": {
      const row = mergeScore(only<ScoreEvent>(events, "score"), context);
      return row && { entity, kind: "score", row };
    }
    case "dataset_run_item": {
      const row = mergeDatasetRunItem(only<DatasetRunItemEvent>(events, "dataset_run_item"), context);
      return row && { entity, kind: "dataset_run_item", row };
    }
    default:
      return entityType satisfies never;
  }
};

/**
 * Lists the days a row of the entity may have been stored on. A row made from some of its events has the time one of them names, or the
 * time one was sent.
 */
export const daysOf = (events: readonly IngestionEvent[]): string[] => {
  const times = events.flatMap((event) => [
    event.timestamp,
    ...(event.entityType === "trace" ? [event.body.timestamp] : event.entityType === "observation" ? [event.body.startTime] : []),
  ]);
  return [...new Set(times.flatMap((time) => (time === undefined || time === null ? [] : [time.slice(0, 10)])))];
};
