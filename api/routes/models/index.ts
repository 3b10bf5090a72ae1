/** Registers the routes of models and their prices. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerCreateModel } from "./create.ts";
import { registerDeleteModel } from "./delete.ts";
import { registerGetModel } from "./get.ts";
import { registerListModels } from "./list.ts";

export const registerModels = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  registerListModels(app);
  registerCreateModel(app, deps);
  registerGetModel(app);
  registerDeleteModel(app);
};
