/** Registers the routes of scheduled integrations. Langfuse's come first, because `blob-storage` would pass for an id. */
import type { App } from "../../deps.ts";
import { registerBackfill } from "./backfill.ts";
import { registerBlobStorage } from "./blob-storage.ts";
import { registerCoverage } from "./coverage.ts";
import { registerCreateIntegration } from "./create.ts";
import { registerDeleteIntegration } from "./delete.ts";
import type { IntegrationDeps } from "./deps.ts";
import { registerGetIntegration } from "./get.ts";
import { registerListIntegrations } from "./list.ts";
import { registerPauseIntegration } from "./pause.ts";
import { registerRedeliver } from "./redeliver.ts";
import { registerRejections } from "./rejections.ts";
import { registerResumeIntegration } from "./resume.ts";
import { registerRunIntegration } from "./run.ts";
import { registerRuns } from "./runs.ts";
import { registerUpdateIntegration } from "./update.ts";
import { registerValidate } from "./validate.ts";

export const registerIntegrations = (app: App, deps: IntegrationDeps): void => {
  for (const register of [
    registerBlobStorage,
    registerCreateIntegration,
    registerListIntegrations,
    registerGetIntegration,
    registerUpdateIntegration,
    registerDeleteIntegration,
    registerRunIntegration,
    registerPauseIntegration,
    registerResumeIntegration,
    registerBackfill,
    registerValidate,
    registerRedeliver,
    registerRuns,
    registerCoverage,
    registerRejections,
  ])
    register(app, deps);
};
