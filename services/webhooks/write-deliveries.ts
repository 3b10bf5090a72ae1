/** Outbox consumer `webhooks`: writes a delivery of the event for each endpoint that wants it. */
import { sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import { storableForm } from "../../core/storable.ts";
import { buildBody, type WebhookSubject } from "../../core/webhooks/build-body.ts";
import { type WebhookSource, webhookTypeOf } from "../../core/webhooks/event-types.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueHeads } from "./enqueue-heads.ts";
import { disabledError } from "./give-up-waiting.ts";

/**
 * Locks the endpoints in the order of their ids, and writes one delivery each: at most one per event, whatever is repeated. An endpoint
 * that is switched off gets one that has failed, so that what it missed can be redelivered.
 */
export const writeDeliveries = async (
  tx: Database,
  { publicUrl }: { publicUrl: string | null },
  event: OutboxEvent<WebhookSource>,
): Promise<void> => {
  const type = webhookTypeOf(event.type);
  const endpoints = await execute<{ id: string }>(
    tx,
    sql`select id from webhook_endpoints where project_id = ${event.projectId} and (event_types is null or ${type} = any(event_types))
      order by id for no key update`,
  );
  if (endpoints.length === 0) return;
  const { projectId, objectId, payload, createdAt } = event;
  const body = storableForm(
    buildBody({ type, createdAt, projectId, payload, export: await findExported(tx, event), publicUrl: publicUrl ?? "" }),
  );
  await execute(
    tx,
    sql`insert into webhook_deliveries (endpoint_id, project_id, event_id, event_type, object_id, body, state, last_error, finished_at)
      select e.id, ${projectId}, ${event.id}, ${type}, ${objectId}, ${body}, case when e.enabled then 'waiting' else 'failed' end,
        case when not e.enabled then ${JSON.stringify(disabledError)}::jsonb end, case when not e.enabled then now() end
      from webhook_endpoints e join json_array_elements_text(${JSON.stringify(endpoints.map(({ id }) => id))}::json) as w(id) on w.id = e.id
      on conflict (endpoint_id, event_id) do nothing`,
  );
  await enqueueHeads(
    tx,
    endpoints.map(({ id }) => ({ endpointId: id, objectId })),
  );
};

/** The manifest is read where it is sent only. */
const findExported = async (tx: Database, { type, objectId }: OutboxEvent<WebhookSource>): Promise<WebhookSubject["export"]> => {
  if (!type.startsWith("export.")) return null;
  const [row] = await execute<{ metadata: Record<string, string> | null; manifest: ExportManifest | null }>(
    tx,
    sql`select metadata, case when ${type} = 'export.completed' then manifest end as manifest from batch_exports where id = ${objectId}`,
  );
  return row ?? null;
};
