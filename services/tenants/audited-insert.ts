/** Inserts a row created by an administrator, with its audit row. */
import type { IdKind } from "../../core/ids.ts";
import type { Database } from "../../db/postgres/client.ts";
import { writeAdminAudit } from "../audit/write-audit.ts";

/** Hashes a secret key for storage and look-up. */
export type HashSecret = (secretKey: string) => Promise<string>;

/** Randomness and time, given by the caller. */
export type TenantDeps = {
  db: Database;
  newId: (kind: IdKind) => string;
  newUuid: () => string;
  hashSecret: HashSecret;
  requestId: string;
  /** The person who acts with the rights of an administrator; null if the admin key does. */
  operatorId?: string | null;
};

export const audited = async <Row extends { id: string }>(
  deps: TenantDeps,
  resourceType: string,
  scope: { orgId?: string; projectId?: string },
  insert: (tx: Database) => Promise<Row[]>,
): Promise<Row> =>
  deps.db.transaction(async (tx) => {
    const [row] = await insert(tx);
    if (row === undefined) throw new Error(`${resourceType} was not inserted`);
    await writeAdminAudit(
      tx,
      { ...scope, requestId: deps.requestId, userId: deps.operatorId ?? null },
      {
        resourceType,
        resourceId: row.id,
        action: "create",
        after: row,
      },
    );
    return row;
  });
