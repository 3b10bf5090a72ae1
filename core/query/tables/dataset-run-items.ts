/** Dataset run items: what each run of an experiment did with each item. */

import { relation, sql, toSql } from "../sql.ts";
import { is, json, scoreFilters, string, text, texts, timestamp } from "./columns.ts";
import { lookup, traceAllScores } from "./relations.ts";
import type { ExportTable } from "./table.ts";

const datasets = relation("datasets");
const allScores = relation("allScores");

export const datasetRunItems: ExportTable = {
  name: "dataset_run_items",
  description: "Items of dataset runs, each with its run and the trace it made.",
  source: { kind: "replacing", table: "dataset_run_items_rmt" },
  columns: {
    id: string("e.id", "Id of the run item."),
    projectId: string("e.project_id", "Id of the project."),
    datasetRunId: string("e.dataset_run_id", "Id of the run."),
    datasetRunName: text("e.dataset_run_name", "Name of the run."),
    datasetId: string("e.dataset_id", "Id of the dataset."),
    datasetName: text(sql`if(${datasets("name")} = '', 'Unknown', ${datasets("name")})`, "Name of the dataset; Unknown when it is gone."),
    datasetItemId: string("e.dataset_item_id", "Id of the dataset item."),
    traceId: string("e.trace_id", "Id of the trace it made."),
    observationId: string("e.observation_id", "Id of the observation, when the run linked one.", true),
    error: text("e.error", "What went wrong.", true),
    createdAt: timestamp("e.created_at", "When it was stored.", false),
    updatedAt: timestamp("e.updated_at", "When it was last stored.", false),
    datasetItemInput: json("e.dataset_item_input", "Input of the item at the time of the run.", true),
    datasetItemExpectedOutput: json("e.dataset_item_expected_output", "Expected output of the item at the time of the run.", true),
    datasetItemMetadata: texts("e.dataset_item_metadata", "Metadata of the item by key."),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    datasetRunId: is("stringOptions", "e.dataset_run_id"),
    datasetRunName: is("stringOptions", "e.dataset_run_name"),
    datasetId: is("stringOptions", "e.dataset_id"),
    datasetItemId: is("stringOptions", "e.dataset_item_id"),
    traceId: is("string", "e.trace_id"),
    observationId: is("string", "ifNull(e.observation_id, '')"),
    error: is("string", "ifNull(e.error, '')"),
    createdAt: is("datetime", "e.created_at"),
    eventTs: is("datetime", "e.event_ts"),
    ...scoreFilters(allScores("items"), "agg_"),
  },
  aliases: { timestamp: "createdAt", startTime: "createdAt" },
  searchIds: ["e.id", "e.dataset_item_id", "e.trace_id", "e.dataset_run_name"],
  searchContent: null,
  relations: { allScores: traceAllScores("allScores", "e.trace_id"), datasets: lookup("datasets", "e.dataset_id") },
  commentObject: null,
  scoreLevels: null,
  requiredScope: null,
  time: "e.created_at",
  timeColumn: "createdAt",
  id: "e.id",
  version: "e.event_ts",
  isDeleted: "e.is_deleted",
  place: "cityHash64(e.dataset_id, e.dataset_run_id)",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("(ifNull(length(e.dataset_item_input), 0) + ifNull(length(e.dataset_item_expected_output), 0) + 500)"),
};
