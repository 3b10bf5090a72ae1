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
  while (sizeOf(answer()) > bytesMax && Object.keys(kept).length > 0) shrink(kept, "", leftOut);
  return answer();
};

/** Goes down to the largest value and removes a part of it. Always removes something. */
const shrink = (parent: Fields, path: string, leftOut: LeftOut): void => {
  const [key, value] = Object.entries(parent).reduce((a, b) => (bytesOf(b[1]) > bytesOf(a[1]) ? b : a));
  const at = path === "" ? key : `${path}.${key}`;
  if (Array.isArray(value) && value.length > 1) {
    const of = leftOut.items.get(at)?.of ?? value.length;
    value.length = Math.max(1, Math.floor(value.length * 0.8));
    leftOut.items.set(at, { kept: value.length, of });
    return;
  }
  const inner = Array.isArray(value) ? value[0] : value;
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0)
    shrink(inner, Array.isArray(value) ? `${at}[0]` : at, leftOut);
  else {
    delete parent[key];
    leftOut.fields.push({ path: at, bytes: bytesOf(value) });
  }
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
