/** Tells of an integration: the outbox event, in the transaction of its cause. */
import type { EventPayload, EventType } from "../../core/outbox/event-types.ts";
import { appendEvent } from "../../db/outbox/append-event.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { IntegrationToRun } from "./integration-columns.ts";

type IntegrationEventType = Extract<EventType, `integration.${string}`>;
type Facts<T extends IntegrationEventType> = Omit<EventPayload<T>, "integrationId" | "name" | "kind">;

export const announce = <T extends IntegrationEventType>(
  tx: Database,
  { id, projectId, name, kind }: Pick<IntegrationToRun, "id" | "projectId" | "name" | "kind">,
  type: T,
  facts: Facts<T>,
): Promise<string> => appendEvent(tx, eventOf(type, projectId, id, { integrationId: id, name, kind, ...facts }));

/** Safe because `Facts` are those of the type. The compiler cannot follow the pair through a generic. */
const eventOf = (type: IntegrationEventType, projectId: string, objectId: string, payload: object): Parameters<typeof appendEvent>[1] =>
  ({ type, projectId, objectId, payload }) as unknown as Parameters<typeof appendEvent>[1];
