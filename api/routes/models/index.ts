/** Registers the routes of models and their prices. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerCreateModel } from "./create.ts";
import { registerDeleteModel } from "./delete.ts";
import { registerGetModel } from "./get.ts";
import { registerListModels } from "./list.ts";
import { registerMatchModel } from "./match.ts";

export const registerModels = (app: App, deps: Pick<RouteDeps, "newId" | "nowMs">): void => {
  registerListModels(app);
  registerCreateModel(app, deps);
  registerMatchModel(app, deps);
  registerGetModel(app);
  registerDeleteModel(app);
};
