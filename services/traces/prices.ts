/**
 * Public reads: model prices, sent as an external table with a query for observations. They are those of the tier that priced the
 * observation, else of the model's default tier.
 */

import type { Model } from "../../core/models/model.ts";
import { type ExternalTable, externalTable } from "../../core/query/external-table.ts";
import { relation, sql } from "../../core/query/sql.ts";
import type { DocumentRows } from "./answer.ts";
import { digits, type Field, value } from "./document.ts";

const pricesTable = (models: readonly Model[]): ExternalTable =>
  externalTable(
    "model String, tier String, input Nullable(String), output Nullable(String), total Nullable(String)",
    models.flatMap(({ id, pricingTiers }) =>
      pricingTiers.flatMap((tier) => {
        const { input = null, output = null, total = null } = tier.prices;
        const prices = { model: id, input, output, total };
        return [{ ...prices, tier: tier.id }, ...(tier.isDefault ? [{ ...prices, tier: "" }] : [])];
      }),
    ),
  );

/** Joins the rows with the prices of their models from the external table `model_prices`. */
export const withPrices = (rows: DocumentRows, models: readonly Model[], modelId = "e.internal_model_id"): DocumentRows => ({
  table: {
    ...rows.table,
    relations: {
      ...rows.table.relations,
      priced: () =>
        `LEFT ANY JOIN model_prices AS priced ON priced.model = ifNull(${modelId}, '') AND priced.tier = ifNull(e.usage_pricing_tier_id, '')`,
    },
  },
  where: rows.where,
  params: { ...rows.params, model_prices: pricesTable(models) },
});

const price = (kind: string) => sql`toDecimal128OrNull(${relation("priced")(kind)}, 18)`;
const kinds = { inputPrice: "input", outputPrice: "output", totalPrice: "total" };

/** As numbers, or as text with all digits. */
export const priceFields: readonly Field[] = Object.entries(kinds).map(([name, kind]) => [name, digits(price(kind))]);
export const priceTextFields: readonly Field[] = Object.entries(kinds).map(([name, kind]) => [name, value(sql`toString(${price(kind)})`)]);
export const unpricedFields: readonly Field[] = Object.keys(kinds).map((name) => [name, "'null'"]);
