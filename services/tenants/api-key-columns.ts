/** What of an API key is shown: everything but hashes of secrets. */
import { getTableColumns } from "drizzle-orm";
import { apiKeys } from "../../db/postgres/schema/tenants.ts";

const { fastHashedSecretKey: _hash, previousHashedSecretKey: _previous, ...shown } = getTableColumns(apiKeys);

export const apiKeyColumns = shown;
export type ApiKeyRow = Omit<typeof apiKeys.$inferSelect, "fastHashedSecretKey" | "previousHashedSecretKey">;

/** The start and end of a secret, by which people recognise it. */
export const displaySecretKey = (secretKey: string): string => `${secretKey.slice(0, 6)}...${secretKey.slice(-4)}`;
