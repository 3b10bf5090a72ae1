/**
 * The elements of a JSON array as they are written. Parsing and writing them again would round long numbers, which the server keeps as they
 * are. The text must be valid JSON: nothing is checked here.
 */
type Place = { at: number };

/** Elements of the array that is the whole text, or of `batch` in the object that is. Undefined if there is no such array. */
export const elementTexts = (text: string): string[] | undefined => {
  const start = skipSpace(text, 0);
  if (text[start] === "[") return elementsFrom(text, start);
  if (text[start] !== "{") return undefined;
  let found: number | undefined;
  const place = { at: start + 1 };
  while (text[skipSpace(text, place.at)] === '"') {
    const keyAt = skipSpace(text, place.at);
    place.at = keyAt;
    skipValue(text, place);
    const key: unknown = JSON.parse(text.slice(keyAt, place.at));
    place.at = skipSpace(text, skipSpace(text, place.at) + 1);
    if (key === "batch" && text[place.at] === "[") found = place.at;
    skipValue(text, place);
    place.at = skipSpace(text, place.at) + 1;
  }
  return found === undefined ? undefined : elementsFrom(text, found);
};

const elementsFrom = (text: string, arrayAt: number): string[] => {
  const elements: string[] = [];
  const place = { at: skipSpace(text, arrayAt + 1) };
  while (place.at < text.length && text[place.at] !== "]") {
    const start = place.at;
    skipValue(text, place);
    elements.push(text.slice(start, place.at));
    place.at = skipSpace(text, place.at);
    if (text[place.at] === ",") place.at = skipSpace(text, place.at + 1);
  }
  return elements;
};

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && " \n\r\t".includes(text[at] ?? "x")) at += 1;
  return at;
};

/** Moves behind the value that begins here. */
const skipValue = (text: string, place: Place): void => {
  const end = /[{}[\]"]|[,\s]|$/g;
  for (let depth = 0; ; ) {
    end.lastIndex = place.at;
    const match = end.exec(text);
    const char = match?.[0] ?? "";
    place.at = match?.index ?? text.length;
    if (char === "") return;
    if (char === '"') skipText(text, place);
    else if (char === "{" || char === "[") {
      depth += 1;
      place.at += 1;
      continue;
    } else if (char === "}" || char === "]") {
      if (depth === 0) return;
      depth -= 1;
      place.at += 1;
    } else if (depth > 0) {
      place.at += 1;
      continue;
    } else return;
    if (depth === 0) return;
  }
};

const skipText = (text: string, place: Place): void => {
  const string = /"(?:[^"\\]|\\.)*"/sy;
  string.lastIndex = place.at;
  string.exec(text);
  place.at = string.lastIndex;
};
