/** Cuts an answer to a number of bytes, at the borders of items and fields, and says what it left out. */
import type { Json } from "./untrusted-text.ts";

export type Fields = { [key: string]: Json };

const utf8 = new TextEncoder();
export const bytesOf = (value: unknown): number => utf8.encode(JSON.stringify(value)).byteLength;

/** What was left out: per list, and the paths of single fields. */
type LeftOut = { items: Map<string, { kept: number; of: number }>; fields: { path: string; bytes: number }[] };

const notesMax = 10;
const pathLengthMax = 80;

/**
 * Returns the fields, or as many of them as fit. `sizeOf` measures a candidate answer. A list loses items from its end; a single item or
 * text that is too large loses its largest field. `leftOut` then names each list and field.
 */
export const fitAnswer = (fields: Fields, bytesMax: number, sizeOf: (answer: Fields) => number = bytesOf): Fields => {
  const kept = structuredClone(fields);
  const leftOut: LeftOut = { items: new Map(), fields: [] };
  const answer = (): Fields => ({ ...kept, ...describe(leftOut) });
  for (let excess = sizeOf(answer()) - bytesMax; excess > 0 && Object.keys(kept).length > 0; excess = sizeOf(answer()) - bytesMax)
    shrink(kept, { path: "", leftOut, excess });
  return answer();
};

/** One step removes fields that are together this part of what is too much, so that thousands of small fields take few steps. */
const excessPart = 1 / 4;
/** Among more fields than this, a list is removed like any other field. */
const fieldsWithLists = 100;

/** Goes down to the largest value and removes a part of it, or several values where each is small. Always removes something. */
const shrink = (parent: Fields, { path, leftOut, excess }: { path: string; leftOut: LeftOut; excess: number }): void => {
  const pathOf = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const fields = Object.entries(parent)
    .map(([key, value]) => ({ key, value, bytes: bytesOf(value) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const remove = ({ key, bytes }: { key: string; bytes: number }): void => {
    delete parent[key];
    leftOut.fields.push({ path: pathOf(key), bytes });
  };
  const [largest] = fields;
  if (largest === undefined) return;
  const { key, value } = largest;
  if (largest.bytes < excess * excessPart && (!Array.isArray(value) || fields.length > fieldsWithLists)) {
    let removed = 0;
    for (const field of fields) {
      if (removed >= excess * excessPart) break;
      remove(field);
      removed += field.bytes;
    }
    return;
  }
  const at = pathOf(key);
  if (Array.isArray(value) && value.length > 1) {
    const of = leftOut.items.get(at)?.of ?? value.length;
    value.length = Math.max(1, Math.floor(value.length * 0.8));
    leftOut.items.set(at, { kept: value.length, of });
    return;
  }
  const inner = Array.isArray(value) ? value[0] : value;
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0)
    shrink(inner, { path: Array.isArray(value) ? `${at}[0]` : at, leftOut, excess });
  else remove(largest);
};

const describe = ({ items, fields }: LeftOut): { leftOut?: string[] } => {
  const notes = [
    ...[...items].map(([path, { kept, of }]) => `${path.slice(0, pathLengthMax)}: ${of - kept} of ${of} items`),
    ...fields.map(({ path, bytes }) => `${path.slice(0, pathLengthMax)}: ${bytes} bytes`),
  ];
  if (notes.length === 0) return {};
  const more = notes.length - notesMax;
  return { leftOut: more > 0 ? [...notes.slice(0, notesMax), `${more} more`] : notes };
};
