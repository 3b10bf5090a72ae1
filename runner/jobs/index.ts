/** The handlers: one for each job kind; the compiler demands every one of them. Jobs that have a lane are processed many at a time, in runner/ingestion/. */

import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Handler } from "../deps.ts";
import type { ExportHandlerDeps } from "../transfer/export-deps.ts";
import { createDeleteHandler, type DeleteHandlerDeps } from "./data-delete.ts";
import { createExportHandler } from "./export-run.ts";
import { createOtelHandler, type OtelHandlerDeps } from "./ingestion-otel.ts";
import { createMailHandler, type MailHandlerDeps } from "./mail-send.ts";

/** Kinds that are claimed in batches. */
export type BatchKind = "ingestion.merge";

export const createHandlers = (
  deps: ExportHandlerDeps & MailHandlerDeps & OtelHandlerDeps & DeleteHandlerDeps,
): Record<Exclude<JobKind, BatchKind>, Handler> => ({
  "export.run": createExportHandler(deps),
  "mail.send": createMailHandler(deps),
  "ingestion.otel": createOtelHandler(deps),
  "data.delete": createDeleteHandler(deps),
});
