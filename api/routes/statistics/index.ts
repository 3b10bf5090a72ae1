/** Registers the routes of statistics. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerDeliveryStatistics } from "./deliveries.ts";
import { registerExportStatistics } from "./exports.ts";

export const registerStatistics = (app: App, deps: Pick<RouteDeps, "nowMs">): void => {
  registerExportStatistics(app, deps);
  registerDeliveryStatistics(app, deps);
};
