/** Registers the routes of observations. */
import type { App, ReadDeps, RouteDeps } from "../../deps.ts";
import { registerGetObservation } from "./get.ts";
import { registerListObservations } from "./list.ts";
import { registerListObservationsV2 } from "./list-v2.ts";

export const registerObservations = (app: App, deps: ReadDeps & Pick<RouteDeps, "eventsTable">): void => {
  registerListObservations(app, deps);
  registerListObservationsV2(app, deps);
  registerGetObservation(app, deps);
};
