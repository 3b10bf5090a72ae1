/** Creates an export: stores the request as a row with its job. */
import { type CreateBatchExport, optionsOf } from "../../core/exports/request.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import { claimIdempotencyKey, type IdempotencyKey } from "../idempotency.ts";
import { insertExport } from "./insert-export.ts";

type Created = { outcome: "created" | "repeated"; exportId: string } | { outcome: "keyReused" };

/**
 * Writes the export, job, audit row and idempotency key in one transaction. A repeated key with the same request returns the first export;
 * with another request, `keyReused`.
 * If two requests with one key arrive together, the second waits on the key's row until the first has committed.
 */
export const createExport = (
  db: Database,
  actor: Actor,
  request: CreateBatchExport & { name: string },
  ids: { exportId: string; jobId: string },
  options: { warnings: string[]; idempotency: IdempotencyKey | null; maxAttempts?: number },
): Promise<Created> =>
  transaction(db, async (tx) => {
    if (options.idempotency !== null) {
      const claimed = await claimIdempotencyKey(tx, actor.projectId, options.idempotency, ids.exportId);
      if (claimed.outcome === "keyReused") return claimed;
      if (claimed.outcome === "repeated") return { outcome: "repeated", exportId: claimed.resourceId };
    }
    await insertExport(
      tx,
      actor,
      { ...request, options: optionsOf(request), metadata: request.metadata ?? null, warnings: options.warnings },
      ids,
      { action: "create", maxAttempts: options.maxAttempts },
    );
    return { outcome: "created", exportId: ids.exportId };
  });
