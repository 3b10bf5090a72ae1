/** Models and their prices: seeded for every project, overridden by a project's own. */
import { sql } from "drizzle-orm";
import { defaultModels } from "../../core/models/default-models.ts";
import type { Model } from "../../core/models/model.ts";
import { type Database, execute } from "../postgres/client.ts";

/** Those of every project and of this one. */
export const listModels = (db: Database, projectId: string): Promise<Model[]> =>
  execute<Model>(
    db,
    sql`select id, project_id as "projectId", model_name as "modelName", match_pattern as "matchPattern",
        to_char(start_date at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "startDate", tokenizer, pricing_tiers as "pricingTiers"
      from models where project_id is null or project_id = ${projectId} order by id`,
  );

/** Writes the default models as this version knows them; those a project has made stay. Run with the migrations. */
export const seedModels = async (db: Database): Promise<void> => {
  const rows = defaultModels.map(({ id, modelName, matchPattern, startDate, tokenizer, pricingTiers }) => ({
    id,
    modelName,
    matchPattern,
    startDate,
    tokenizer,
    pricingTiers,
  }));
  await execute(
    db,
    sql`insert into models (id, project_id, model_name, match_pattern, start_date, tokenizer, pricing_tiers)
      select r.id, null, r."modelName", r."matchPattern", r."startDate", r.tokenizer, r."pricingTiers"
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(id text, "modelName" text, "matchPattern" text, "startDate" timestamptz, tokenizer text, "pricingTiers" jsonb)
      on conflict (id) do update set model_name = excluded.model_name, match_pattern = excluded.match_pattern, start_date = excluded.start_date,
        tokenizer = excluded.tokenizer, pricing_tiers = excluded.pricing_tiers, updated_at = now()
      where models.project_id is null and (models.match_pattern, models.pricing_tiers, models.tokenizer) is distinct from (excluded.match_pattern, excluded.pricing_tiers, excluded.tokenizer)`,
  );
};
