/** The key with which values of a project are hashed. */

/** Resolves to the two halves of the project's hash key; null without ENCRYPTION_KEY. */
export type HashKeyOf = (projectId: string) => Promise<[string, string] | null>;

export const hashKeyOf =
  (encryptionKey: string | null): HashKeyOf =>
  async (projectId) =>
    encryptionKey === null ? null : hashKey(encryptionKey, projectId);

/** Returns a project's own key as two unsigned 64-bit integers: the first 16 bytes of HMAC-SHA-256 of its id. `encryptionKey` is hex. */
const hashKey = async (encryptionKey: string, projectId: string): Promise<[string, string]> => {
  const secret = Uint8Array.from(encryptionKey.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const digest = new DataView(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`privacy:${projectId}`)));
  return [digest.getBigUint64(0, true).toString(), digest.getBigUint64(8, true).toString()];
};
