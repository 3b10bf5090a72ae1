/** The handlers: one for each job kind; the compiler demands every one of them. */
import type { Handlers } from "../deps.ts";
import { createExportHandler, type ExportHandlerDeps } from "./export-run.ts";
import { createMailHandler, type MailHandlerDeps } from "./mail-send.ts";

export const createHandlers = (deps: ExportHandlerDeps & MailHandlerDeps): Handlers => ({
  "export.run": createExportHandler(deps),
  "mail.send": createMailHandler(deps),
});
