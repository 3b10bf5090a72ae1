/** Seals all stored secrets anew with the present key, while jobs run. */
import { sql } from "drizzle-orm";
import type { AppError } from "../core/errors.ts";
import type { Keyring } from "../core/integrations/sealed-secret.ts";
import { type Database, execute } from "../db/postgres/client.ts";
import { failureOf } from "../db/postgres/failure.ts";
import { listSealed, type SealedColumn, type SealedRow, sealedColumns } from "./sealed-columns.ts";

const pageRows = 100;

type Rotation = { rotated: number; current: number; failed: { id: string; error: AppError }[] };

/**
 * Goes through the rows one by one and writes each by compare-and-set: a secret that was changed meanwhile stays, because whoever changed
 * it sealed it with the present key. May run again and in several places. A secret that no key opens is reported, and the others go on.
 */
export const rotateSecrets = async (db: Database, keyring: Keyring): Promise<Rotation> => {
  const result: Rotation = { rotated: 0, current: 0, failed: [] };
  for (const place of sealedColumns) {
    let last: SealedRow | undefined;
    do {
      const rows = await listSealed(db, place, { afterId: last?.id ?? "", limit: pageRows });
      for (const row of rows) {
        if (await keyring.isCurrent(row.sealed)) result.current++;
        else await rotateOne(db, keyring, place, row, result);
      }
      last = rows.at(-1);
    } while (last !== undefined);
  }
  return result;
};

/** Tries again if the secret was changed meanwhile: another process may still have sealed it with a former key. */
const rotateOne = async (db: Database, keyring: Keyring, place: SealedColumn, row: SealedRow, result: Rotation): Promise<void> => {
  const { id } = row;
  let sealed: string | undefined = row.sealed;
  while (sealed !== undefined && !(await keyring.isCurrent(sealed))) {
    let fresh: string;
    try {
      fresh = await keyring.seal(id, await keyring.open(id, sealed));
    } catch (error) {
      result.failed.push({ id, error: failureOf(error) });
      return;
    }
    if (await replaceSealed(db, place, { id, sealed, fresh })) {
      result.rotated++;
      return;
    }
    sealed = await findSealed(db, place, id);
  }
  result.current++;
};

const findSealed = async (db: Database, { table, column }: SealedColumn, id: string): Promise<string | undefined> => {
  const [row] = await execute<{ sealed: string | null }>(
    db,
    sql`select ${sql.identifier(column)} as sealed from ${sql.identifier(table)} where id = ${id}`,
  );
  return row?.sealed ?? undefined;
};

const replaceSealed = async (
  db: Database,
  { table, column }: SealedColumn,
  { id, sealed, fresh }: SealedRow & { fresh: string },
): Promise<boolean> => {
  const written = await execute(
    db,
    sql`update ${sql.identifier(table)} set ${sql.identifier(column)} = ${fresh}
      where id = ${id} and ${sql.identifier(column)} = ${sealed} returning id`,
  );
  return written.length === 1;
};
