/** Postgres: writes the default models, with the migrations. */
import { sql } from "drizzle-orm";
import { defaultModels } from "../../core/models/default-models/index.ts";
import { type Database, execute } from "./client.ts";

/** Writes the default models of this version; models that projects have created stay. Runs with the migrations. */
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
    sql`insert into models (id, project_id, model_name, match_pattern, start_date, unit, tokenizer, pricing_tiers)
      select r.id, null, r."modelName", r."matchPattern", r."startDate", 'TOKENS', r.tokenizer, r."pricingTiers"
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(id text, "modelName" text, "matchPattern" text, "startDate" timestamptz, tokenizer text, "pricingTiers" jsonb)
      on conflict (id) do update set model_name = excluded.model_name, match_pattern = excluded.match_pattern, start_date = excluded.start_date,
        unit = excluded.unit, tokenizer = excluded.tokenizer, pricing_tiers = excluded.pricing_tiers, updated_at = now()
      where models.project_id is null and (models.match_pattern, models.pricing_tiers, models.unit, models.tokenizer)
          is distinct from (excluded.match_pattern, excluded.pricing_tiers, excluded.unit, excluded.tokenizer)`,
  );
};
