/** Where sealed secrets are stored. A new column with secrets is one entry: rotation and preflight then cover it. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../db/postgres/client.ts";

/** Each secret is bound to the `id` of its row. */
export const sealedColumns = [
  { table: "integrations", column: "sealed_secret" },
  { table: "webhook_endpoints", column: "sealed_secret" },
  { table: "webhook_endpoints", column: "sealed_previous_secret" },
] as const;
export type SealedColumn = (typeof sealedColumns)[number];
export type SealedRow = { id: string; sealed: string };

/** Returns up to `limit` secrets of a column, in the order of ids. */
export const listSealed = (
  db: Database,
  { table, column }: SealedColumn,
  { afterId, limit }: { afterId: string; limit: number },
): Promise<SealedRow[]> =>
  execute<SealedRow>(
    db,
    sql`select id, ${sql.identifier(column)} as sealed from ${sql.identifier(table)}
      where id > ${afterId} and ${sql.identifier(column)} is not null order by id limit ${limit}`,
  );
