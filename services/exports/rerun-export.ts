/** Starts a finished export again, as a new one. */
import type { QuotaStatus } from "../../core/limits/quota-status.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import type { Admission } from "../limits/admit-export.ts";
import type { BatchExportRow } from "./export-columns.ts";
import { insertExport } from "./insert-export.ts";

/**
 * Creates a new export with the request of a finished one, and returns what is left of the quotas; undefined while that one still runs.
 * Throws what admitExport throws.
 */
export const rerunExport = (
  db: Database,
  actor: Actor,
  before: BatchExportRow,
  ids: { exportId: string; jobId: string },
  admission: Admission,
): Promise<QuotaStatus | undefined> =>
  transaction(db, async (tx) => {
    if (before.finishedAt === null) return undefined;
    const { name, query, format, compression, options, expiresAfterHours, metadata, warnings } = before;
    return insertExport(tx, actor, { name, query, format, compression, options, expiresAfterHours, metadata, warnings }, ids, {
      action: "rerun",
      admission,
      before: { batchExportId: before.id },
    });
  });
