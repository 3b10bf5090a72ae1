/** The handlers: one for each job kind; the compiler demands every one of them. */
import type { Handlers } from "../deps.ts";
import { createExportHandler, type ExportHandlerDeps } from "./export-run.ts";

export const createHandlers = (deps: ExportHandlerDeps): Handlers => ({ "export.run": createExportHandler(deps) });
