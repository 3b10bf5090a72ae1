/** The event that tells consumers about a transition. */
import type { EventPayload, EventType } from "../../core/outbox/event-types.ts";
import { type Change, personOf } from "./transition-facts.ts";

type Told = { [T in EventType]: { type: T; payload: EventPayload<T> } }[EventType];

export const transitionEvent = (change: Change, { id, name, expiresAt }: { id: string; name: string; expiresAt: Date | null }): Told => {
  const about = { batchExportId: id, name };
  switch (change.to) {
    case "QUEUED": {
      const error = "error" in change ? change.error : null;
      const cause = personOf(change) !== undefined ? "retried" : error === null ? "released" : "attemptFailed";
      return { type: "export.queued", payload: { ...about, cause, error } };
    }
    case "PROCESSING":
      return { type: "export.started", payload: { ...about, attempt: change.attempt } };
    case "COMPLETED": {
      const { rows, bytes, truncated } = change.manifest;
      if (expiresAt === null) throw new Error("a completed export expires");
      return { type: "export.completed", payload: { ...about, rows, bytes, truncated, expiresAt: expiresAt.toISOString() } };
    }
    case "FAILED":
      return { type: "export.failed", payload: { ...about, error: change.error } };
    case "CANCELLED":
      return { type: "export.cancelled", payload: about };
    default:
      return change satisfies never;
  }
};
