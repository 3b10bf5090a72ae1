/** The routes of observations. */
import type { App, AppDeps } from "../../deps.ts";
import { registerGetObservation } from "./get.ts";
import { registerListObservations } from "./list.ts";

export const registerObservations = (app: App, deps: AppDeps): void => {
  registerListObservations(app, deps);
  registerGetObservation(app, deps);
};
