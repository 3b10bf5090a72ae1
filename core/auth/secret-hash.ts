/**
 * Authentication: the stored form of a secret key, hex SHA-256 of the secret followed by hex SHA-256 of the salt, like Langfuse's fast
 * hash. The secret has 122 random bits, so a fast hash suffices.
 */
const sha256 = async (text: string): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

export const hashSecret = async (secret: string, salt: string): Promise<string> => sha256(`${secret}${await sha256(salt)}`);

/** Compares in a time that does not depend on where the strings differ. */
export const isSameSecret = async (a: string, b: string): Promise<boolean> => (await sha256(a)) === (await sha256(b));
