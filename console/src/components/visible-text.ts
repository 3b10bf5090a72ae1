/**
 * Text of others, made safe to look at: characters that show nothing, move the text or reverse it are replaced by something that can be
 * seen. The text itself is copied, never this.
 */

/** Controls except tabs and line breaks, marks of direction, invisible spaces and joiners (not ZWJ, which emoji need), and tags. */
const hidden =
  /(?![\t\n]|\r\n)[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** By their numbers, because the pictures of controls are missing in many fonts. */
const shown = (character: string): string => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** Keeps line breaks and tabs. */
export const visibleText = (text: string): string => text.replace(hidden, shown);

/** On one line. */
export const visibleLine = (text: string): string => visibleText(text).replaceAll(/\r?\n/g, "↵ ").replaceAll("\t", "⇥ ");

/** Whether something in the text would not be seen as it is. */
export const hidesSomething = (text: string): boolean => text.search(hidden) !== -1;

/** JSON in which every hidden character is an escape, which means the same there. */
export const escapeHidden = (json: string): string =>
  json.replace(hidden, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
