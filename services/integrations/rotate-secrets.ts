/** Seals all secrets of integrations anew with the present key, while jobs run. */
import { and, asc, eq, gt, isNotNull } from "drizzle-orm";
import type { AppError } from "../../core/errors.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { Database } from "../../db/postgres/client.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";

type Rotation = { rotated: number; current: number; failed: { id: string; error: AppError }[] };

const pageRows = 100;

/**
 * Goes through the rows one by one and writes each by compare-and-set: a secret that was changed meanwhile stays, because whoever changed
 * it sealed it with the present key. May run again and in several places. A secret that no key opens is reported, and the others go on.
 */
export const rotateSecrets = async (db: Database, keyring: Keyring): Promise<Rotation> => {
  const result: Rotation = { rotated: 0, current: 0, failed: [] };
  for (let afterId = ""; ; ) {
    const rows = await db
      .select({ id: integrations.id, sealed: integrations.sealedSecret })
      .from(integrations)
      .where(and(gt(integrations.id, afterId), isNotNull(integrations.sealedSecret)))
      .orderBy(asc(integrations.id))
      .limit(pageRows);
    for (const { id, sealed } of rows) {
      if (sealed === null || (await keyring.isCurrent(sealed))) result.current++;
      else await rotateOne(db, keyring, { id, sealed }, result);
    }
    const last = rows.at(-1);
    if (last === undefined) return result;
    afterId = last.id;
  }
};

/** Tries again if the secret was changed meanwhile: another process may still have sealed it with a former key. */
const rotateOne = async (db: Database, keyring: Keyring, row: { id: string; sealed: string }, result: Rotation): Promise<void> => {
  const { id } = row;
  for (let sealed: string | null = row.sealed; sealed !== null && !(await keyring.isCurrent(sealed)); sealed = await findSealed(db, id)) {
    let fresh: string;
    try {
      fresh = await keyring.seal(id, await keyring.open(id, sealed));
    } catch (error) {
      result.failed.push({ id, error: failureOf(error) });
      return;
    }
    const written = await db
      .update(integrations)
      .set({ sealedSecret: fresh })
      .where(and(eq(integrations.id, id), eq(integrations.sealedSecret, sealed)))
      .returning({ id: integrations.id });
    if (written.length === 1) {
      result.rotated++;
      return;
    }
  }
  result.current++;
};

const findSealed = async (db: Database, id: string): Promise<string | null> => {
  const [row] = await db.select({ sealed: integrations.sealedSecret }).from(integrations).where(eq(integrations.id, id));
  return row?.sealed ?? null;
};
