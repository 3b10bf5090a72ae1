/** Prices of models, handed over with the query that shows observations: those of the tier an observation was priced by, or of the model's default tier. */
import { type HandedTable, handTable } from "../../../core/exports/handed-table.ts";
import type { Model } from "../../../core/models/model.ts";
import { digits, type Field } from "./document.ts";

export const handPrices = (models: readonly Model[]): HandedTable =>
  handTable(
    "model String, tier String, input Nullable(String), output Nullable(String), total Nullable(String)",
    models.flatMap(({ id, pricingTiers }) =>
      pricingTiers.flatMap((tier) => {
        const { input = null, output = null, total = null } = tier.prices;
        const prices = { model: id, input, output, total };
        return [{ ...prices, tier: tier.id }, ...(tier.isDefault ? [{ ...prices, tier: "" }] : [])];
      }),
    ),
  );

/** Joins the table handed over as `model_prices`. */
export const pricesOf = {
  priced:
    "LEFT ANY JOIN model_prices AS priced ON priced.model = ifNull(e.internal_model_id, '') AND priced.tier = ifNull(e.usage_pricing_tier_id, '')",
};

const price = (kind: string) => digits(`toDecimal128OrNull(priced.${kind}, 18)`);

export const priceFields: readonly Field[] = [
  ["inputPrice", price("input")],
  ["outputPrice", price("output")],
  ["totalPrice", price("total")],
];
