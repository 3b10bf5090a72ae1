/** Default models: list prices of Amazon. */
import type { Model } from "../model.ts";
import { type Entry, model, onBedrock, type Prices } from "./price-entry.ts";

const nova = (name: string, since: string, prices: Prices): Model =>
  model({ name: `nova-${name}`, since, prefix: "((us|eu|apac)\\.)?(amazon\\.)?", prices });
const nova2Lite: Entry = { name: "nova-2-lite", since: "2025-12-02", prices: { input: "0.3", cached: "0.075", output: "2.5" } };

/**
 * https://aws.amazon.com/bedrock/pricing/, from tables read 2026-04 to 2026-11: prices in the United States. Nova 2 costs a tenth more in
 * the profiles of a geography.
 */
export const amazonModels: Model[] = [
  nova("micro", "2024-12-03", { input: "0.035", cached: "0.00875", output: "0.14" }),
  nova("lite", "2024-12-03", { input: "0.06", cached: "0.015", output: "0.24" }),
  nova("pro", "2024-12-03", { input: "0.8", cached: "0.2", output: "3.2" }),
  nova("premier", "2025-04-30", { input: "2.5", cached: "0.625", output: "12.5" }),
  model({ ...nova2Lite, prefix: "((global\\.)?amazon\\.)?" }),
  onBedrock("amazon", nova2Lite),
];
