/** A JSON parser of its own that keeps what JSON.parse loses: all entries of an object with a key twice, and the spelling of numbers. */
export type ExactJson =
  | { text: string }
  | { number: string }
  | { word: "true" | "false" | "null" }
  | ExactJson[]
  | { entries: [string, ExactJson][] };

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** Raw control characters are left to JSON.parse, which refuses them. */
const string = /"(?:[^"\\]|\\.)*"/sy;
const space = /[ \t\r\n]*/y;
const word = /true|false|null/y;

/** Undefined when the text is no JSON document. A byte order mark in front is none of it. */
export const parseExact = (source: string): ExactJson | undefined => {
  const text = source.replace(/^\ufeff/, "");
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const fail = (): never => {
    throw new SyntaxError(`at ${at}`);
  };
  const expect = (character: string): void => {
    take(space);
    if (text[at] !== character) fail();
    at++;
    take(space);
  };
  const list = <T>(open: string, close: string, item: () => T): T[] => {
    expect(open);
    const items: T[] = [];
    if (text[at] !== close)
      for (;;) {
        items.push(item());
        take(space);
        if (text[at] !== ",") break;
        expect(",");
      }
    if (text[at] !== close) fail();
    at++;
    return items;
  };
  const readString = (): string => JSON.parse(take(string) ?? fail()) as string;
  const value = (): ExactJson => {
    take(space);
    if (text[at] === "{")
      return {
        entries: list("{", "}", (): [string, ExactJson] => {
          const key = readString();
          expect(":");
          return [key, value()];
        }),
      };
    if (text[at] === "[") return list("[", "]", value);
    if (text[at] === '"') return { text: readString() };
    const named = take(word);
    if (named !== undefined) return { word: named as "true" | "false" | "null" };
    return { number: take(number) ?? fail() };
  };
  try {
    const found = value();
    take(space);
    return at === text.length ? found : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
};
