/** Ingestion, merge: all events of one score to its row. Every event carries name, type and value, so these come from the last one. */
import { columnText, nullableText } from "../column-text.ts";
import type { ScoreBody, ScoreEvent } from "../event.ts";
import { instantText, type ScoreRow } from "../rows.ts";
import type { MergeContext } from "./merge-context.ts";
import { mergeMetadata, metadataMap } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";
import { firstPresent, lastNamed } from "./pick-field.ts";
import { originColumns, storedColumns } from "./stored-columns.ts";

/** A correction is always the score `output`; its text goes into the column for long strings. */
const valueColumns = ({ name, dataType, value }: ScoreBody): Pick<ScoreRow, "name" | "value" | "string_value" | "long_string_value"> => {
  const amount = typeof value === "number" && Number.isFinite(value) ? value : 0;
  const text = columnText(String(value));
  const columns = { name: columnText(name), value: amount, string_value: null, long_string_value: "" };
  switch (dataType) {
    case "NUMERIC":
      return columns;
    case "BOOLEAN":
      return { ...columns, string_value: amount === 0 ? "False" : "True" };
    case "CATEGORICAL":
    case "TEXT":
      return { ...columns, value: 0, string_value: text };
    case "CORRECTION":
      return { ...columns, name: "output", value: 0, long_string_value: text };
    default:
      return dataType satisfies never;
  }
};

/** Returns undefined if there are no events. */
export const mergeScore = (events: readonly ScoreEvent[], context: MergeContext): ScoreRow | undefined => {
  const ordered = orderEvents(events);
  const first = ordered[0];
  const last = ordered.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const bodies = ordered.map((event) => event.body);
  return {
    id: columnText(first.entityId),
    timestamp: instantText(first.timestamp),
    project_id: columnText(context.projectId),
    environment: columnText(firstPresent(bodies, "environment") ?? "default"),
    trace_id: nullableText(firstPresent(bodies, "traceId")),
    session_id: nullableText(lastNamed(bodies, "sessionId")),
    dataset_run_id: nullableText(lastNamed(bodies, "datasetRunId")),
    observation_id: nullableText(lastNamed(bodies, "observationId")),
    ...valueColumns(last.body),
    source: last.body.source,
    data_type: last.body.dataType,
    comment: nullableText(lastNamed(bodies, "comment")),
    metadata: metadataMap(mergeMetadata(bodies.map((body) => body.metadata))),
    author_user_id: null,
    config_id: nullableText(lastNamed(bodies, "configId")),
    queue_id: nullableText(lastNamed(bodies, "queueId")),
    execution_trace_id: nullableText(lastNamed(bodies, "executionTraceId")),
    ...storedColumns(context),
    ...originColumns(context.origin),
  };
};
