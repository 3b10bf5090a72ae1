/** Columns of a model, and which models a project sees: its own and the defaults. */
import { sql } from "drizzle-orm";
import type { Model, UsageUnit } from "../../core/models/model.ts";

/** `createdAt`: ISO 8601 UTC, milliseconds. */
export type ModelRow = Model & { unit: UsageUnit | null; createdAt: string };

const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

export const columns = sql`id, project_id as "projectId", model_name as "modelName", match_pattern as "matchPattern",
  ${iso("start_date")} as "startDate", unit, tokenizer, pricing_tiers as "pricingTiers", ${iso("created_at")} as "createdAt"`;

export const visible = (projectId: string) => sql`(project_id is null or project_id = ${projectId})`;
