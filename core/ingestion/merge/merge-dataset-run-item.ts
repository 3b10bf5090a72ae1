/**
 * Ingestion, merge: all events of one dataset run item to its row. The sort key columns (dataset, run, item, trace) keep the first event's
 * values.
 */
import { columnText, nullableText } from "../column-text.ts";
import type { DatasetRunItemEvent, Json } from "../event.ts";
import { type DatasetRunItemRow, instantText, looseInstant, payloadText } from "../rows.ts";
import type { MergeContext } from "./merge-context.ts";
import { metadataMap } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";
import { firstPresent, lastNamed } from "./pick-field.ts";
import { storedColumns } from "./stored-columns.ts";

/** The stored run and item. An absent one leaves its columns empty. */
type DatasetRunItemSource = {
  run?: { name: string; description: string | null; metadata: Json; createdAt: string };
  item?: { input: Json; expectedOutput: Json; metadata: Json };
};

/** Returns undefined if there are no events. */
export const mergeDatasetRunItem = (
  events: readonly DatasetRunItemEvent[],
  context: MergeContext,
  { run, item }: DatasetRunItemSource = {},
): DatasetRunItemRow | undefined => {
  const ordered = orderEvents(events);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const bodies = ordered.map((event) => event.body);
  const createdAt = instantText(firstPresent(bodies, "createdAt") ?? context.createdAt);
  return {
    id: columnText(first.entityId),
    project_id: columnText(context.projectId),
    dataset_run_id: columnText(first.body.runId),
    dataset_item_id: columnText(first.body.datasetItemId),
    dataset_id: columnText(first.body.datasetId),
    trace_id: columnText(first.body.traceId),
    observation_id: nullableText(lastNamed(bodies, "observationId")),
    error: nullableText(lastNamed(bodies, "error")),
    dataset_run_name: columnText(run?.name ?? ""),
    dataset_run_description: nullableText(run?.description),
    dataset_run_metadata: metadataMap(run?.metadata),
    dataset_run_created_at: run === undefined ? createdAt : instantText(run.createdAt),
    dataset_item_input: payloadText(item?.input),
    dataset_item_expected_output: payloadText(item?.expectedOutput),
    dataset_item_metadata: metadataMap(item?.metadata),
    dataset_item_version: looseInstant(lastNamed(bodies, "datasetVersion")),
    ...storedColumns(context),
    created_at: createdAt,
  };
};
