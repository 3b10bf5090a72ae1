/** Switches a webhook endpoint off because of a fault. */
import { sql } from "drizzle-orm";
import type { AttemptError } from "../../core/webhooks/schedule.ts";
import { appendEvent } from "../../db/outbox/append-event.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { writeRunnerAudit } from "../audit/write-audit.ts";
import { giveUpWaiting } from "./give-up-waiting.ts";

/** Once, with audit row and event, which a mail follows; does nothing if it is switched off already. The caller holds its lock. */
export const disableEndpoint = async (tx: Database, endpointId: string, error: AttemptError): Promise<void> => {
  const [endpoint] = await execute<{ projectId: string; organizationId: string; name: string; createdBy: string | null }>(
    tx,
    sql`update webhook_endpoints e set enabled = false, disabled_code = ${error.code}, updated_at = now(),
          last_error = ${JSON.stringify(error)}::jsonb || jsonb_build_object('at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        from projects p where e.id = ${endpointId} and e.enabled and p.id = e.project_id
        returning e.project_id as "projectId", p.org_id as "organizationId", e.name, e.created_by as "createdBy"`,
  );
  if (endpoint === undefined) return;
  const { projectId, organizationId, name, createdBy } = endpoint;
  await giveUpWaiting(tx, endpointId);
  await writeRunnerAudit(
    tx,
    { projectId, organizationId, userId: createdBy, apiKeyId: null },
    { resourceType: "webhookEndpoint", resourceId: endpointId, action: "disable", after: error },
  );
  await appendEvent(tx, { type: "webhook.endpoint_disabled", projectId, objectId: endpointId, payload: { endpointId, name, error } });
};
