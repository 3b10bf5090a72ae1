/** Registers the routes of batch exports. */
import type { App, RouteDeps } from "../../deps.ts";
import { registerAllEvents } from "./all-events.ts";
import { registerCancel } from "./cancel.ts";
import { registerCreate } from "./create.ts";
import { registerDelete } from "./delete.ts";
import { registerDownload } from "./download.ts";
import { registerDownloadLink } from "./download-link.ts";
import { registerEstimate } from "./estimate.ts";
import { registerEvents } from "./events.ts";
import { registerGet } from "./get.ts";
import { registerList } from "./list.ts";
import { registerManifest } from "./manifest.ts";
import { registerPreview } from "./preview.ts";
import { registerRerun } from "./rerun.ts";
import { registerRetry } from "./retry.ts";

type BatchExportDeps = Pick<
  RouteDeps,
  | "newId"
  | "nowMs"
  | "downloads"
  | "canHash"
  | "hashKeyOf"
  | "rowLimit"
  | "eventsTable"
  | "openClickHouse"
  | "openPreviewClickHouse"
  | "openDatabase"
  | "identify"
  | "wait"
  | "log"
>;

export const registerBatchExports = (app: App, deps: BatchExportDeps): void => {
  for (const register of [
    registerEstimate,
    registerPreview,
    registerCreate,
    registerList,
    // Before the route of one export, of whose path it is a case.
    registerAllEvents,
    registerGet,
    registerManifest,
    registerCancel,
    registerRetry,
    registerRerun,
    registerDelete,
    registerDownload,
    registerDownloadLink,
    registerEvents,
  ])
    register(app, deps);
};
