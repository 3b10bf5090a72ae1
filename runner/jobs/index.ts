/** The handlers, one per job kind. The compiler demands every one of them. */
import type { Handlers } from "../deps.ts";
import type { IntegrationDeps } from "../integrations/integration-deps.ts";
import type { ExportHandlerDeps } from "../transfer/export-deps.ts";
import { createDeleteHandler, type DeleteHandlerDeps } from "./data-delete.ts";
import { createExportHandler } from "./export-run.ts";
import { createMergeHandler, type MergeHandlerDeps } from "./ingestion-merge.ts";
import { createOtelHandler, type OtelHandlerDeps } from "./ingestion-otel.ts";
import { createIntegrationHandler } from "./integration-run.ts";
import { createValidateHandler, type ValidateHandlerDeps } from "./integration-validate.ts";
import { createMailHandler, type MailHandlerDeps } from "./mail-send.ts";
import { createWebhookHandler, type WebhookHandlerDeps } from "./webhook-deliver.ts";

type EventHandlerDeps = OtelHandlerDeps & DeleteHandlerDeps & MergeHandlerDeps;
type HandlersDeps = ExportHandlerDeps &
  IntegrationDeps &
  MailHandlerDeps &
  WebhookHandlerDeps &
  ValidateHandlerDeps &
  Omit<EventHandlerDeps, "events"> & { events: EventHandlerDeps["events"] | null };

/** Without an event store, the kinds that work on stored events are null. */
export const createHandlers = (deps: HandlersDeps): Handlers => {
  const eventDeps: EventHandlerDeps | null = deps.events === null ? null : { ...deps, events: deps.events };
  const deliver = createIntegrationHandler(deps);
  return {
    "export.run": createExportHandler(deps),
    "mail.send": createMailHandler(deps),
    "webhook.deliver": createWebhookHandler(deps),
    "integration.blob_storage": deliver,
    "integration.posthog": deliver,
    "integration.mixpanel": deliver,
    "ingestion.merge": eventDeps && createMergeHandler(eventDeps),
    "ingestion.otel": eventDeps && createOtelHandler(eventDeps),
    "data.delete": eventDeps && createDeleteHandler(eventDeps),
    "integration.validate": createValidateHandler(deps),
  };
};
