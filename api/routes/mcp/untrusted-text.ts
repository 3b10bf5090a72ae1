/** Text from rows and users, as an agent may see it: nothing in it can pass for markup, for invisible instructions, or for the end of the data. */

/**
 * Control, format and separator characters (zero width, bidirectional, tags), others that show nothing (variation selectors, which can
 * carry any bytes, fillers, the blank of Braille), angle brackets, backticks, and the parenthesis of a Markdown link. In JSON text all of them occur inside strings only, so escaping them there changes no value.
 */
const suspicious = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800<>`]|(?<=\])\(/gu;

const escapeCharacter = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");

export const escapeUntrusted = (text: string): string => text.replaceAll(suspicious, escapeCharacter);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Escapes every string and key of a document. */
export const escapeStrings = (value: Json): Json => {
  if (typeof value === "string") return escapeUntrusted(value);
  if (Array.isArray(value)) return value.map(escapeStrings);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [escapeUntrusted(key), escapeStrings(inner)]));
};
