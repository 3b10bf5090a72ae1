/** Changes a webhook endpoint of a project. */
import { eq, sql } from "drizzle-orm";
import { checkOutboundUrl } from "../../core/egress/check-outbound-url.ts";
import type { UpdateWebhookEndpoint } from "../../core/webhooks/endpoint.ts";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import type { EndpointDeps } from "./create-endpoint.ts";
import { type EndpointRow, endpointAuditForm, lockEndpoint } from "./endpoint-row.ts";
import { giveUpWaiting } from "./give-up-waiting.ts";

/** What switching an endpoint on forgets. */
const freshStart = { disabledCode: null, failures: 0, failingSince: null, lastFailureAt: null, lastError: null };

/**
 * What is left out stays. Switching it off gives up what waits for it. Returns undefined if the project has no such endpoint. Throws
 * EGRESS_INVALID_URL and EGRESS_BLOCKED.
 */
export const updateEndpoint = (
  db: Database,
  actor: Actor,
  { egressPolicy }: Pick<EndpointDeps, "egressPolicy">,
  id: string,
  body: UpdateWebhookEndpoint,
): Promise<EndpointRow | undefined> =>
  transaction(db, async (tx) => {
    const row = await lockEndpoint(tx, actor.projectId, id);
    if (row === undefined) return undefined;
    if (body.url !== undefined) checkOutboundUrl(body.url, egressPolicy, "url");
    const [after] = await tx
      .update(webhookEndpoints)
      .set({
        name: body.name ?? row.name,
        description: body.description === undefined ? row.description : body.description,
        url: body.url ?? row.url,
        eventTypes: body.eventTypes === undefined ? row.eventTypes : body.eventTypes,
        enabled: body.enabled ?? row.enabled,
        ...(body.enabled === true && !row.enabled ? freshStart : {}),
        updatedAt: sql`now()`,
      })
      .where(eq(webhookEndpoints.id, id))
      .returning();
    if (after === undefined) throw new Error(`the webhook endpoint ${id} is locked and gone`);
    if (row.enabled && !after.enabled) await giveUpWaiting(tx, id);
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: id,
      action: "update",
      before: endpointAuditForm(row),
      after: endpointAuditForm(after),
    });
    return after;
  });
