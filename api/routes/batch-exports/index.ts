/** The routes of batch exports. */
import type { App, AppDeps } from "../../deps.ts";
import { registerCancel } from "./cancel.ts";
import { registerCreate } from "./create.ts";
import { registerDelete } from "./delete.ts";
import { registerDownload } from "./download.ts";
import { registerEstimate } from "./estimate.ts";
import { registerEvents } from "./events.ts";
import { registerGet } from "./get.ts";
import { registerList } from "./list.ts";
import { registerManifest } from "./manifest.ts";
import { registerRerun } from "./rerun.ts";
import { registerRetry } from "./retry.ts";

export const registerBatchExports = (app: App, deps: AppDeps): void => {
  for (const register of [
    registerEstimate,
    registerCreate,
    registerList,
    registerGet,
    registerManifest,
    registerCancel,
    registerRetry,
    registerRerun,
    registerDelete,
    registerDownload,
    registerEvents,
  ])
    register(app, deps);
};
