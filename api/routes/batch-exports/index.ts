/** The routes of batch exports. */
import type { App, AppDeps } from "../../deps.ts";
import { registerChange } from "./change.ts";
import { registerCreate } from "./create.ts";
import { registerDownload } from "./download.ts";
import { registerEstimate } from "./estimate.ts";
import { registerEvents } from "./events.ts";
import { registerGet } from "./get.ts";
import { registerList } from "./list.ts";

export const registerBatchExports = (app: App, deps: AppDeps): void => {
  for (const register of [registerEstimate, registerCreate, registerList, registerGet, registerChange, registerDownload, registerEvents])
    register(app, deps);
};
