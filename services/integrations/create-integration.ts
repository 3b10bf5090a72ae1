/** Creates an integration of a project. */
import type { CreateIntegration } from "../../core/integrations/requests.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import { claimIdempotencyKey, type IdempotencyKey } from "../idempotency.ts";
import { insertIntegration } from "./insert-integration.ts";
import { lockProject, type SaveDeps } from "./integration-row.ts";

type Created = { outcome: "created" | "repeated"; integrationId: string } | { outcome: "keyReused" };

/** Writes the integration, audit row and idempotency key in one transaction. Throws what insertIntegration throws. */
export const createIntegration = (
  db: Database,
  actor: Actor,
  deps: SaveDeps,
  { id, body }: { id: string; body: CreateIntegration },
  idempotency: IdempotencyKey | null,
): Promise<Created> =>
  transaction(db, async (tx) => {
    if (idempotency !== null) {
      const claimed = await claimIdempotencyKey(tx, actor.projectId, idempotency, id);
      if (claimed.outcome === "keyReused") return claimed;
      if (claimed.outcome === "repeated") return { outcome: "repeated", integrationId: claimed.resourceId };
    }
    await lockProject(tx, actor.projectId);
    await insertIntegration(tx, actor, deps, { id, body });
    return { outcome: "created", integrationId: id };
  });
