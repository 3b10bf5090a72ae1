/** Registers the routes of comments. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerCreateComment } from "./create.ts";
import { registerDeleteComment } from "./delete.ts";
import { registerListComments } from "./list.ts";

export const registerComments = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  registerCreateComment(app, deps);
  registerListComments(app);
  registerDeleteComment(app);
};
