/** Hex SHA-256 of text as UTF-8, by WebCrypto. */
import { toHex } from "./byte-text.ts";

export const sha256Hex = async (text: string): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
