/** Starts a finished export again, as a new one. */
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import type { BatchExportRow } from "./export-columns.ts";
import { insertExport } from "./insert-export.ts";

/** Creates a new export with the request of a finished one. Returns false while that one still runs. */
export const rerunExport = (
  db: Database,
  actor: Actor,
  before: BatchExportRow,
  ids: { exportId: string; jobId: string },
): Promise<boolean> =>
  transaction(db, async (tx) => {
    if (before.finishedAt === null) return false;
    const { name, query, format, compression, options, expiresAfterHours, metadata, warnings } = before;
    await insertExport(tx, actor, { name, query, format, compression, options, expiresAfterHours, metadata, warnings }, ids, {
      action: "rerun",
      before: { batchExportId: before.id },
    });
    return true;
  });
