/** Ingestion, writing: an observation and its trace's fields as a row of `events`. Text columns are empty where nothing is known. */

import { countFromNumber } from "../models/decimal.ts";
import { columnText } from "./column-text.ts";
import type { OtelBody } from "./event.ts";
import { metadataMap } from "./merge/merge-metadata.ts";
import type { MergedObservation } from "./merge/merge-observation.ts";
import { originColumns } from "./merge/stored-columns.ts";
import { type EventRow, looseInstant, type ObservationRow, payloadText, type TextMap, type TraceRow } from "./rows.ts";

const text = (value: string | null | undefined): string => columnText(value ?? "");

/** The columns a row copies from its trace. */
export type TraceFields = Pick<TraceRow, "name" | "user_id" | "session_id" | "tags" | "release" | "public" | "bookmarked">;

/** The span's own release applies if the trace has none. */
export const traceColumns = (trace: TraceFields | undefined, ownRelease: string) => ({
  trace_name: trace?.name ?? "",
  user_id: trace?.user_id ?? "",
  session_id: trace?.session_id ?? "",
  tags: trace?.tags ?? [],
  release: trace?.release || ownRelease,
  public: trace?.public ?? false,
  bookmarked: trace?.bookmarked ?? false,
});

const pairs = (map: TextMap) => ({ names: Object.keys(map), values: Object.values(map) });

const experimentColumns = ({ experiment = {} }: OtelBody) => {
  const metadata = pairs(metadataMap(experiment.metadata));
  const itemMetadata = pairs(metadataMap(experiment.itemMetadata));
  return {
    experiment_id: text(experiment.id),
    experiment_name: text(experiment.name),
    experiment_metadata_names: metadata.names,
    experiment_metadata_values: metadata.values,
    experiment_description: text(experiment.description),
    experiment_dataset_id: text(experiment.datasetId),
    experiment_item_id: text(experiment.itemId),
    experiment_item_version: looseInstant(experiment.itemVersion),
    experiment_item_expected_output: payloadText(experiment.itemExpectedOutput) ?? "",
    experiment_item_metadata_names: itemMetadata.names,
    experiment_item_metadata_values: itemMetadata.values,
    experiment_item_root_span_id: text(experiment.itemRootObservationId),
  };
};

const sourceColumns = (otel: OtelBody) => ({
  source: text(otel.source ?? "ingestion-api"),
  service_name: text(otel.serviceName),
  service_version: text(otel.serviceVersion),
  scope_name: text(otel.scopeName),
  scope_version: text(otel.scopeVersion),
  telemetry_sdk_language: text(otel.telemetrySdkLanguage),
  telemetry_sdk_name: text(otel.telemetrySdkName),
  telemetry_sdk_version: text(otel.telemetrySdkVersion),
});

/** The columns that both tables share by name and form. */
const sharedColumns = (row: ObservationRow) => ({
  project_id: row.project_id,
  trace_id: row.trace_id,
  start_time: row.start_time,
  end_time: row.end_time,
  name: row.name,
  type: row.type,
  environment: row.environment,
  level: row.level,
  completion_start_time: row.completion_start_time,
  prompt_version: row.prompt_version,
  provided_usage_details: row.provided_usage_details,
  usage_details: row.usage_details,
  provided_cost_details: row.provided_cost_details,
  cost_details: row.cost_details,
  usage_pricing_tier_id: row.usage_pricing_tier_id,
  usage_pricing_tier_name: row.usage_pricing_tier_name,
  tool_definitions: row.tool_definitions,
  tool_calls: row.tool_calls,
  tool_call_names: row.tool_call_names,
  created_at: row.created_at,
  updated_at: row.updated_at,
  event_ts: row.event_ts,
  is_deleted: row.is_deleted,
});

/** Metadata keeps the keys it has in `observations`; nested objects stay JSON under their key. */
export const observationEventRow = ({ row, otel, origin }: MergedObservation, trace: TraceFields | undefined): EventRow => {
  const metadata = pairs(row.metadata);
  return {
    ...sharedColumns(row),
    ...traceColumns(trace, text(otel.release)),
    ...experimentColumns(otel),
    ...sourceColumns(otel),
    ...originColumns(origin),
    span_id: row.id,
    parent_span_id: text(row.parent_observation_id),
    version: text(row.version),
    status_message: text(row.status_message),
    is_app_root: otel.isAppRoot ?? false,
    prompt_id: text(row.prompt_id),
    prompt_name: text(row.prompt_name),
    model_id: text(row.internal_model_id),
    provided_model_name: text(row.provided_model_name),
    model_parameters: text(row.model_parameters),
    input: row.input ?? "",
    output: row.output ?? "",
    metadata_names: metadata.names,
    metadata_values: metadata.values,
    blob_storage_file_path: text(origin?.filePath),
    event_bytes: String(countFromNumber(origin?.bytes ?? 0)),
  };
};
