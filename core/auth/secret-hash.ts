/**
 * Authentication: the stored form of a secret key, hex SHA-256 of the secret followed by hex SHA-256 of the salt, like Langfuse's fast
 * hash. The secret has 122 random bits, so a fast hash suffices.
 */
import { sha256Hex } from "../sha256-hex.ts";

export const hashSecret = async (secret: string, salt: string): Promise<string> => sha256Hex(`${secret}${await sha256Hex(salt)}`);

/** Compares in a time that does not depend on where the strings differ. */
export const isSameSecret = async (a: string, b: string): Promise<boolean> => (await sha256Hex(a)) === (await sha256Hex(b));
