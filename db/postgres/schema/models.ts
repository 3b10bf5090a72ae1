/** Models and their prices. */

import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { Model, UsageUnit } from "../../../core/models/model.ts";
import { at, createdAt, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/** Models by name, with the price per unit of each kind of usage. */
export const models = pgTable(
  "models",
  {
    id: text().primaryKey(),
    /** Null: for every project. */
    projectId: text("project_id").references(() => projects.id, { onDelete: "cascade" }),
    modelName: text("model_name").notNull(),
    matchPattern: text("match_pattern").notNull(),
    startDate: at("start_date"),
    unit: text().$type<UsageUnit>(),
    tokenizer: text(),
    pricingTiers: jsonb("pricing_tiers").$type<Model["pricingTiers"]>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index("models_project_id_idx").on(t.projectId)],
);
