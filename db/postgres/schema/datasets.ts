/** Datasets and their items. */

import { index, json, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

export const datasets = pgTable(
  "datasets",
  {
    id: text().primaryKey(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    description: text(),
    metadata: json(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [uniqueIndex("datasets_project_id_name_key").on(t.projectId, t.name)],
);

export const datasetItems = pgTable(
  "dataset_items",
  {
    id: text().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    datasetId: text("dataset_id")
      .notNull()
      .references(() => datasets.id, { onDelete: "cascade" }),
    status: text({ enum: ["ACTIVE", "ARCHIVED"] })
      .notNull()
      .default("ACTIVE"),
    input: json(),
    expectedOutput: json("expected_output"),
    metadata: json(),
    sourceTraceId: text("source_trace_id"),
    sourceObservationId: text("source_observation_id"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), index("dataset_items_created_at_idx").on(t.projectId, t.createdAt, t.id)],
);
