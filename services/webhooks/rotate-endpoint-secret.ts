/** Gives a webhook endpoint a new secret. */
import { eq, sql } from "drizzle-orm";
import { createSigningKey } from "../../core/webhooks/signing-key.ts";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { keyringOf } from "../keyring-of.ts";
import type { EndpointDeps } from "./create-endpoint.ts";
import { type EndpointRow, lockEndpoint } from "./endpoint-row.ts";

/**
 * Both secrets sign for `overlapHours`; with 0 the former one ends at once. One that still overlapped from an earlier rotation ends now.
 * Returns undefined if the project has no such endpoint. Throws ENCRYPTION_DISABLED.
 */
export const rotateEndpointSecret = (
  db: Database,
  actor: Actor,
  deps: Pick<EndpointDeps, "keyring" | "randomBytes">,
  { id, overlapHours }: { id: string; overlapHours: number },
): Promise<{ endpoint: EndpointRow; secret: string } | undefined> =>
  transaction(db, async (tx) => {
    const keyring = keyringOf(deps);
    const row = await lockEndpoint(tx, actor.projectId, id);
    if (row === undefined) return undefined;
    const { secret, publicKey } = await createSigningKey(row.signing, deps.randomBytes);
    const overlaps = overlapHours > 0;
    const [endpoint] = await tx
      .update(webhookEndpoints)
      .set({
        sealedSecret: await keyring.seal(id, secret),
        publicKey,
        sealedPreviousSecret: overlaps ? row.sealedSecret : null,
        previousPublicKey: overlaps ? row.publicKey : null,
        previousSecretUntil: overlaps ? sql`now() + make_interval(hours => ${overlapHours}::int)` : null,
        updatedAt: sql`now()`,
      })
      .where(eq(webhookEndpoints.id, id))
      .returning();
    if (endpoint === undefined) throw new Error(`the webhook endpoint ${id} is locked and gone`);
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: id,
      action: "rotateSecret",
      after: { publicKey, overlapHours },
    });
    return { endpoint, secret };
  });
