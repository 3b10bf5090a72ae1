/** Creates an export: stores the request as a row with its job. */
import { type CreateBatchExport, optionsOf } from "../../core/exports/request.ts";
import type { QuotaStatus } from "../../core/limits/quota-status.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import type { Admission } from "../limits/admit-export.ts";
import { insertExport } from "./insert-export.ts";

/** Writes the export, job and audit row in one transaction. Returns what is left of the quotas. Throws what admitExport throws. */
export const createExport = (
  db: Database,
  actor: Actor,
  request: CreateBatchExport & { name: string },
  ids: { exportId: string; jobId: string },
  options: { warnings: string[]; admission: Admission; maxAttempts?: number },
): Promise<QuotaStatus> =>
  transaction(db, (tx) =>
    insertExport(
      tx,
      actor,
      { ...request, options: optionsOf(request), metadata: request.metadata ?? null, warnings: options.warnings },
      ids,
      { action: "create", admission: options.admission, maxAttempts: options.maxAttempts },
    ),
  );
