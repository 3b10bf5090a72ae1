/**
 * Postgres behind a transaction pooler. `?pgbouncer=true` in the address says that there is one, as for Prisma. It is for us alone: no
 * server knows such a parameter.
 */

/** Returns the address without the mark, and whether it had it. An address that is no URL is returned as it is. */
export const parsePooledUrl = (databaseUrl: string): { url: string; isPooled: boolean } => {
  if (!URL.canParse(databaseUrl)) return { url: databaseUrl, isPooled: false };
  const url = new URL(databaseUrl);
  const isPooled = url.searchParams.get("pgbouncer") === "true";
  if (!url.searchParams.has("pgbouncer")) return { url: databaseUrl, isPooled };
  url.searchParams.delete("pgbouncer");
  return { url: url.href, isPooled };
};
