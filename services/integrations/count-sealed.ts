/** Counts the stored secrets of integrations by the key that opens them. Changes nothing. */
import { isNotNull } from "drizzle-orm";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";

/** Secrets that are looked at. */
const secretsMax = 1000;

/** `current` are sealed with the present key, `former` with one that still opens them, `unreadable` with none that is configured. */
export const countSealed = async (db: Database, keyring: Keyring): Promise<{ current: number; former: number; unreadable: number }> => {
  const rows = await db
    .select({ id: integrations.id, sealed: integrations.sealedSecret })
    .from(integrations)
    .where(isNotNull(integrations.sealedSecret))
    .limit(secretsMax);
  const counts = { current: 0, former: 0, unreadable: 0 };
  for (const { id, sealed } of rows) {
    if (sealed === null) continue;
    const isOpened = await keyring.open(id, sealed).then(
      () => true,
      () => false,
    );
    if (!isOpened) counts.unreadable++;
    else if (await keyring.isCurrent(sealed)) counts.current++;
    else counts.former++;
  }
  return counts;
};
