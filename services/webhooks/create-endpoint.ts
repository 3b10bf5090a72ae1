/** Creates a webhook endpoint of a project. */
import { eq } from "drizzle-orm";
import { checkOutboundUrl } from "../../core/egress/check-outbound-url.ts";
import type { EgressPolicy } from "../../core/egress/egress-policy.ts";
import { AppError } from "../../core/errors.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import { type CreateWebhookEndpoint, endpointsMax } from "../../core/webhooks/endpoint.ts";
import { createSigningKey } from "../../core/webhooks/signing-key.ts";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { keyringOf } from "../keyring-of.ts";
import { lockProject } from "../tenants/lock-project.ts";
import { type EndpointRow, endpointAuditForm } from "./endpoint-row.ts";

/** `keyring`: null without ENCRYPTION_KEY. */
export type EndpointDeps = {
  keyring: Keyring | null;
  egressPolicy: EgressPolicy;
  randomBytes: (size: number) => Uint8Array<ArrayBuffer>;
};

/**
 * Writes the endpoint and audit row in one transaction. Throws EGRESS_INVALID_URL, EGRESS_BLOCKED, ENCRYPTION_DISABLED and
 * TOO_MANY_WEBHOOK_ENDPOINTS.
 */
export const createEndpoint = (
  db: Database,
  actor: Actor,
  deps: EndpointDeps,
  { id, body }: { id: string; body: CreateWebhookEndpoint },
): Promise<{ endpoint: EndpointRow; secret: string }> =>
  transaction(db, async (tx) => {
    const keyring = keyringOf(deps);
    checkOutboundUrl(body.url, deps.egressPolicy, "url");
    await lockProject(tx, actor.projectId);
    if ((await tx.$count(webhookEndpoints, eq(webhookEndpoints.projectId, actor.projectId))) >= endpointsMax)
      throw new AppError({
        code: "TOO_MANY_WEBHOOK_ENDPOINTS",
        message: `The project has ${endpointsMax} webhook endpoints, which is the limit.`,
      });
    const { secret, publicKey } = await createSigningKey(body.signing, deps.randomBytes);
    const [endpoint] = await tx
      .insert(webhookEndpoints)
      .values({
        ...body,
        id,
        projectId: actor.projectId,
        sealedSecret: await keyring.seal(id, secret),
        publicKey,
        createdBy: actor.userId,
      })
      .returning();
    if (endpoint === undefined) throw new Error("an insert without a condition inserts a row");
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: id,
      action: "create",
      after: endpointAuditForm(endpoint),
    });
    return { endpoint, secret };
  });
