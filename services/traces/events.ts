/**
 * Public reads: observations in field groups, as version 2 of the public API shows them. Reads the events table, whose rows include their
 * trace's fields.
 */
import type { Model } from "../../core/models/model.ts";
import { toSql } from "../../core/query/sql.ts";
import { eventMetadata, events, eventTraceName } from "../../core/query/tables/events.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type AnswerBounds, openBounded, type Piece, pageOrder, pageRows } from "./answer.ts";
import { amounts, digits, document, type Field, filled, instant, mapBytes, payload, shortMetadata, value } from "./document.ts";
import { seconds } from "./observations.ts";
import { priceTextFields, unpricedFields, withPrices } from "./prices.ts";

/** The table under the name the operator gave it. */
export const eventsIn = (physicalTable: string): ExportTable => ({ ...events, source: { kind: "replacing", table: physicalTable } });

/** Longer metadata values are cut, unless requested by key. */
const metadataCharactersMax = 200;

const core: readonly Field[] = [
  ["id", value("e.span_id")],
  ["traceId", filled("e.trace_id")],
  ["startTime", instant("e.start_time")],
  ["endTime", instant("e.end_time")],
  ["projectId", value("e.project_id")],
  ["parentObservationId", filled("e.parent_span_id")],
  ["type", value("e.type")],
];

export const eventGroups = ["core", "basic", "time", "io", "metadata", "model", "usage", "prompt", "metrics", "trace_context"] as const;
type EventGroup = (typeof eventGroups)[number];

const groups: Record<EventGroup, readonly Field[]> = {
  core,
  basic: [
    ["name", filled("e.name")],
    ["level", value("if(e.level = '', 'DEFAULT', e.level)")],
    ["statusMessage", filled("e.status_message")],
    ["version", filled("e.version")],
    ["environment", value("e.environment")],
    ["bookmarked", value("e.bookmarked")],
    ["public", value("e.public")],
    ["userId", filled("e.user_id")],
    ["sessionId", filled("e.session_id")],
    ["isRootObservation", value("toBool(e.parent_span_id = '' OR e.is_app_root)")],
  ],
  time: [
    ["completionStartTime", instant("e.completion_start_time")],
    ["createdAt", instant("e.created_at")],
    ["updatedAt", instant("e.updated_at")],
  ],
  io: [
    ["input", filled("e.input")],
    ["output", filled("e.output")],
  ],
  metadata: [["metadata", shortMetadata(eventMetadata, metadataCharactersMax, "{wholeMetadata:Array(String)}")]],
  model: [
    ["model", filled("e.provided_model_name")],
    ["internalModelId", filled("e.model_id")],
    ["modelParameters", payload("e.model_parameters")],
  ],
  usage: [
    ["usageDetails", amounts("e.usage_details")],
    ["costDetails", amounts("e.cost_details")],
    ["totalCost", digits("if(mapContains(e.cost_details, 'total'), e.cost_details['total'], NULL)")],
    ["usagePricingTierName", filled("e.usage_pricing_tier_name")],
  ],
  prompt: [
    ["promptId", filled("e.prompt_id")],
    ["promptName", filled("e.prompt_name")],
    ["promptVersion", digits("e.prompt_version")],
  ],
  metrics: [
    ["latency", seconds("e.start_time", "e.end_time")],
    ["timeToFirstToken", seconds("e.start_time", "e.completion_start_time")],
  ],
  trace_context: [
    ["tags", value("e.tags")],
    ["release", filled("e.release")],
    ["traceName", filled(eventTraceName)],
  ],
};

/** Bytes that each group adds to a row. */
const groupBytes: Partial<Record<EventGroup, string>> = {
  io: "e.input_length + e.output_length",
  metadata: mapBytes(eventMetadata),
  model: "length(e.model_parameters)",
};

type EventBounds = AnswerBounds & {
  groups: ReadonlySet<EventGroup>;
  /** Metadata keys whose values are not cut. */
  wholeMetadata: readonly string[];
  /** The project's models, for their prices. */
  models: readonly Model[];
};

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

/** Opens the observations of a page. Throws ANSWER_TOO_LARGE. */
export const openEventPage = async (
  deps: ReadDeps,
  table: ExportTable,
  { projectId, ids }: { projectId: string; ids: readonly string[] },
  { groups: asked, wholeMetadata, models, ...bounds }: EventBounds,
): Promise<Piece[]> => {
  if (ids.length === 0) return [];
  const hasModel = asked.has("model");
  const page = pageRows(table, projectId, ids);
  const rows = { ...page, params: { ...page.params, wholeMetadata } };
  return openBounded(deps, hasModel ? withPrices(rows, models, "e.model_id") : rows, {
    ...bounds,
    json: document([
      ...eventGroups.filter((group) => group === "core" || asked.has(group)).flatMap((group) => groups[group]),
      ["modelId", hasModel ? filled("e.model_id") : "'null'"],
      ...(hasModel ? priceTextFields : unpricedFields),
    ]),
    bytes: toSql(`(${["900", ...[...asked].flatMap((group) => groupBytes[group] ?? [])].join(" + ")})`),
    orderBy: pageOrder,
  });
};
