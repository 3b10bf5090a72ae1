/** Counts the stored secrets by the key that opens them. Changes nothing. */
import type { Keyring } from "../core/integrations/sealed-secret.ts";
import type { Database } from "../db/postgres/client.ts";
import { listSealed, sealedColumns } from "./sealed-columns.ts";

/** Secrets of a column that are looked at. */
const secretsMax = 1000;

/** `current` are sealed with the present key, `former` with one that still opens them, `unreadable` with none that is configured. */
export const countSealed = async (db: Database, keyring: Keyring): Promise<{ current: number; former: number; unreadable: number }> => {
  const counts = { current: 0, former: 0, unreadable: 0 };
  for (const place of sealedColumns) {
    for (const { id, sealed } of await listSealed(db, place, { afterId: "", limit: secretsMax })) {
      const isOpened = await keyring.open(id, sealed).then(
        () => true,
        () => false,
      );
      if (!isOpened) counts.unreadable++;
      else if (await keyring.isCurrent(sealed)) counts.current++;
      else counts.former++;
    }
  }
  return counts;
};
