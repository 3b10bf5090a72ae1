/** Outbox consumer `webhooks`: writes a delivery of each event for each endpoint that wants it. */
import { sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import { storableForm } from "../../core/storable.ts";
import { buildBody, type WebhookSubject } from "../../core/webhooks/build-body.ts";
import { type WebhookSource, webhookTypeOf } from "../../core/webhooks/event-types.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueHeads } from "./enqueue-heads.ts";
import { disabledError } from "./give-up-waiting.ts";

type Event = OutboxEvent<WebhookSource>;
/** Which event goes to which endpoint, in the order of events. */
type Wanted = { eventId: string; objectId: string; endpointId: string };

/**
 * Locks the endpoints in the order of their ids, and writes one delivery for each event they want: at most one, whatever is repeated, and
 * none of what happened before the endpoint was created. An endpoint that is switched off gets one that has failed, so that what it missed
 * can be redelivered.
 */
export const writeDeliveries = async (
  tx: Database,
  { publicUrl }: { publicUrl: string | null },
  events: readonly Event[],
): Promise<void> => {
  const wanted = await lockEndpoints(tx, events);
  if (wanted.length === 0) return;
  const told = events.filter(({ id }) => wanted.some(({ eventId }) => eventId === id));
  const subjects = await findExported(tx, told);
  const written = told.map((event) => {
    const { id, projectId, objectId, payload, createdAt } = event;
    const type = webhookTypeOf(event.type);
    const subject = { type, createdAt, projectId, payload, export: subjects.get(objectId) ?? null, publicUrl: publicUrl ?? "" };
    return { id, projectId, objectId, type, body: storableForm(buildBody(subject)) };
  });
  await execute(
    tx,
    sql`insert into webhook_deliveries (endpoint_id, project_id, event_id, event_type, object_id, body, state, last_error, finished_at)
      select e.id, v."projectId", v.id, v.type, v."objectId", v.body, case when e.enabled then 'waiting' else 'failed' end,
        case when not e.enabled then ${JSON.stringify(disabledError)}::jsonb end, case when not e.enabled then now() end
      from rows from (json_to_recordset(${JSON.stringify(wanted)}::json) as ("eventId" text, "endpointId" text)) with ordinality as w("eventId", "endpointId", number)
        join json_to_recordset(${JSON.stringify(written)}::json) as v(id text, "projectId" text, "objectId" text, type text, body text) on v.id = w."eventId"
        join webhook_endpoints e on e.id = w."endpointId"
      order by w.number
      on conflict (endpoint_id, event_id) do nothing`,
  );
  await enqueueHeads(tx, wanted);
};

const lockEndpoints = async (tx: Database, events: readonly Event[]): Promise<Wanted[]> => {
  const asked = events.map(({ projectId, type }) => ({ projectId, type: webhookTypeOf(type) }));
  const endpoints = await execute<{ id: string; projectId: string; eventTypes: string[] | null; createdAt: string }>(
    tx,
    sql`select id, project_id as "projectId", event_types as "eventTypes",
        to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt" from webhook_endpoints w
      where exists (
        select 1 from json_to_recordset(${JSON.stringify(asked)}::json) as a("projectId" text, type text)
        where a."projectId" = w.project_id and (w.event_types is null or a.type = any(w.event_types))
      )
      order by id for no key update`,
  );
  // Both times are of Postgres, in one form.
  return events.flatMap(({ id: eventId, type, projectId, objectId, createdAt }) =>
    endpoints
      .filter((one) => one.projectId === projectId && (one.eventTypes === null || one.eventTypes.includes(webhookTypeOf(type))))
      .filter((one) => one.createdAt <= createdAt)
      .map(({ id: endpointId }) => ({ eventId, objectId, endpointId })),
  );
};

/** Finds metadata of the exports by id, and the manifests where they are sent. */
const findExported = async (tx: Database, events: readonly Event[]): Promise<Map<string, WebhookSubject["export"]>> => {
  const exports = events
    .filter(({ type }) => type.startsWith("export."))
    .map(({ objectId, type }) => ({ id: objectId, isCompleted: type === "export.completed" }));
  if (exports.length === 0) return new Map();
  const rows = await execute<{ id: string; metadata: Record<string, string> | null; manifest: ExportManifest | null }>(
    tx,
    sql`select b.id, b.metadata, case when x."isCompleted" then b.manifest end as manifest
      from json_to_recordset(${JSON.stringify(exports)}::json) as x(id text, "isCompleted" boolean) join batch_exports b on b.id = x.id`,
  );
  return new Map(rows.map(({ id, ...subject }) => [id, subject]));
};
