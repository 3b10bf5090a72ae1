/** Converts bytes to text and back: hex for ids, base64 for values. Pure, so that it runs the same in the Worker and in the runner. */

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export const toHex = (bytes: Uint8Array): string => {
  let hex = "";
  for (const byte of bytes) hex += hexOfByte[byte];
  return hex;
};

/** Works in pieces: `String.fromCharCode` accepts a limited number of arguments. */
export const toBase64 = (bytes: Uint8Array): string => {
  let binary = "";
  for (let from = 0; from < bytes.length; from += 8192) binary += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(binary);
};

/** Needs no escape in URLs and cookies. */
export const toBase64Url = (bytes: Uint8Array): string => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Accepts the standard and the URL alphabet, padded or not; returns undefined for anything else. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (standard.length % 4 === 1) return undefined;
  const binary = atob(standard);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
};
