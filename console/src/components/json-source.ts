/**
 * JSON as it was written: positions in the text instead of values, so that long numbers keep their digits, keys their order, and a part can
 * be copied unchanged. Only what is looked at is read.
 */

export type JsonPart = { kind: "object" | "array" | "string" | "number" | "word"; start: number; end: number };
export type JsonEntry = { key: string | null; part: JsonPart };

/** The object or array that a text is; undefined if it is anything else. */
export const jsonRoot = (text: string): JsonPart | undefined => {
  const start = skipSpace(text, 0);
  if (text[start] !== "{" && text[start] !== "[") return undefined;
  try {
    JSON.parse(text);
  } catch {
    // Text that is not JSON is shown as text.
    return undefined;
  }
  return partAt(text, start);
};

/** Elements of an array, or entries of an object, in order. The text must be JSON. */
export const entriesOf = (text: string, { kind, start, end }: JsonPart): JsonEntry[] => {
  const entries: JsonEntry[] = [];
  if (kind !== "object" && kind !== "array") return entries;
  for (let at = skipSpace(text, start + 1); at < end - 1; ) {
    let key: string | null = null;
    if (kind === "object") {
      const keyEnd = stringEnd(text, at);
      key = JSON.parse(text.slice(at, keyEnd)) as string;
      // Behind the colon.
      at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    const part = partAt(text, at);
    entries.push({ key, part });
    // Behind the comma, or at the end.
    at = skipSpace(text, part.end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return entries;
};

export const sourceOf = (text: string, { start, end }: JsonPart): string => text.slice(start, end);

/** Text of a string part. */
export const stringOf = (text: string, part: JsonPart): string => JSON.parse(sourceOf(text, part)) as string;

const partAt = (text: string, start: number): JsonPart => {
  const first = text[start];
  if (first === '"') return { kind: "string", start, end: stringEnd(text, start) };
  if (first === "{" || first === "[") return { kind: first === "{" ? "object" : "array", start, end: closingEnd(text, start) };
  let end = start;
  while (end < text.length && !/[\s,\]}]/.test(text[end] ?? "")) end++;
  return { kind: first === "t" || first === "f" || first === "n" ? "word" : "number", start, end };
};

const stringEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
};

const closingEnd = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return text.length;
};

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at++;
  return at;
};
