/** Types of events, in the order in which they happen, with what each says. docs/webhook-events.md has their fields. */
import type { WebhookDeliverySummary } from "../../generated/types.gen.ts";

export type EventType = WebhookDeliverySummary["type"];

const meanings: Record<EventType, string> = {
  "export.queued": "An export waits for an attempt",
  "export.started": "An attempt of an export has begun",
  "export.completed": "The files of an export are complete",
  "export.failed": "An export is given up",
  "export.cancelled": "An export was cancelled",
  "export.expired": "The files of an export are deleted",
  "integration.run.completed": "A window was delivered",
  "integration.run.failed": "The delivery of a window was given up",
  "integration.disabled": "A fault has switched an integration off",
  "integration.recovered": "An integration delivers again",
  "integration.overdue": "An integration is two intervals behind",
};

export const meaningOf = (type: EventType): string => meanings[type];

export const eventTypes = Object.keys(meanings) as readonly EventType[];
