/** A migrated Postgres database of its own: what is claimed there are not the jobs of other tests. */
import { randomUUID } from "node:crypto";
import { type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { clonePostgres } from "./postgres-clone.ts";

/** `prepare` is called before the first connection. */
export const openOwnDatabase = async (
  connectionsMax: number,
  prepare?: (directUrl: string) => Promise<void>,
): Promise<OpenDatabase & { url: string; directUrl: string }> => {
  const { url, directUrl } = await clonePostgres(`own_${randomUUID().replaceAll("-", "")}`);
  await prepare?.(directUrl);
  return { ...openPostgres(url, { connectionsMax }), url, directUrl };
};
