/** Dataset items: stored in Postgres, written by ClickHouse like every other table. */

import { toSql } from "../sql.ts";
import { is, json, string, text, timestamp } from "./columns.ts";
import type { ExportTable } from "./table.ts";

export const datasetItems: ExportTable = {
  name: "dataset_items",
  description: "Items of datasets: inputs and expected outputs to test an application with.",
  source: {
    kind: "postgres",
    structure:
      "id String, project_id String, dataset_id String, dataset_name String, status String, input Nullable(String), expected_output Nullable(String), metadata Nullable(String), source_trace_id Nullable(String), source_observation_id Nullable(String), created_at DateTime64(6, 'UTC'), updated_at DateTime64(6, 'UTC')",
  },
  columns: {
    id: string("e.id", "Id of the item."),
    projectId: string("e.project_id", "Id of the project."),
    datasetId: string("e.dataset_id", "Id of the dataset."),
    datasetName: text("e.dataset_name", "Name of the dataset."),
    status: string("e.status", "ACTIVE or ARCHIVED."),
    input: json("e.input", "Input.", true),
    expectedOutput: json("e.expected_output", "Expected output.", true),
    metadata: json("e.metadata", "Metadata.", true),
    sourceTraceId: string("e.source_trace_id", "Trace it was made from.", true),
    sourceObservationId: string("e.source_observation_id", "Observation it was made from.", true),
    createdAt: timestamp("e.created_at", "When it was made.", false),
    updatedAt: timestamp("e.updated_at", "When it was last changed.", false),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    datasetId: is("stringOptions", "e.dataset_id"),
    datasetName: is("stringOptions", "e.dataset_name"),
    status: is("stringOptions", "e.status"),
    input: is("string", "ifNull(e.input, '')", { readsContent: true, canMatch: true }),
    expectedOutput: is("string", "ifNull(e.expected_output, '')", { readsContent: true, canMatch: true }),
    metadata: is("string", "ifNull(e.metadata, '')", { readsContent: true, canMatch: true }),
    sourceTraceId: is("string", "ifNull(e.source_trace_id, '')"),
    sourceObservationId: is("string", "ifNull(e.source_observation_id, '')"),
    createdAt: is("datetime", "e.created_at"),
    updatedAt: is("datetime", "e.updated_at"),
  },
  aliases: { timestamp: "createdAt", startTime: "createdAt" },
  searchIds: ["e.id", "e.dataset_id", "e.dataset_name", "ifNull(e.source_trace_id, '')"],
  searchContent: { input: "ifNull(e.input, '')", output: "ifNull(e.expected_output, '')" },
  relations: {},
  commentObject: null,
  scoreLevels: null,
  requiredScope: null,
  time: "e.created_at",
  timeColumn: "createdAt",
  id: "e.id",
  version: "e.updated_at",
  isDeleted: "0",
  place: "0",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("0"),
};
