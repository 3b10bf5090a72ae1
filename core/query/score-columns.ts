/**
 * Names the score columns. Anyone may name a score, so names are adapted to readers: distinct from every other column even if case is
 * ignored (Spark, BigQuery, Athena, DuckDB), without NUL and invalid Unicode, at most 255 bytes. A name depends on the score's own name and
 * on earlier scores, never on later ones.
 */
import { storableForm } from "../storable.ts";

/** A score name of the project, whether all its values are numbers, and what has scores of this name. */
export type ScoreName = {
  name: string;
  isNumber: boolean;
  levels: "observation" | "trace" | "both";
  /**
   * When a score of this name was first stored, in milliseconds since 1970. Of names that differ only by case, the first stays unchanged.
   */
  firstMs?: number;
};

/**
 * Athena and Glue allow 255 bytes of UTF-8 (docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html, read 2026-11); other
 * readers allow more.
 */
export const columnBytesMax = 255;

/**
 * Returns a name as readers that ignore case see it. Ignores the quote that protects formulas in CSV, which could make two headers equal.
 */
export const foldName = (name: string): string =>
  name
    .replace(/^'(?=[=+\-@\t\r\n＝＋－＠])/, "")
    .normalize("NFKC")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC");

/** FNV-1a of the UTF-16 units as eight hex digits: short, and equal in every export. */
const hashOf = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
};

const utf8 = new TextEncoder();

/** Returns the longest prefix of whole characters that fits. */
const cutToBytes = (text: string, bytesMax: number): string => {
  if (utf8.encode(text).byteLength <= bytesMax) return text;
  let bytes = 0;
  let kept = "";
  for (const character of text) {
    bytes += utf8.encode(character).byteLength;
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept;
};

const withHash = (id: string, name: string, times: number): string => {
  const suffix = `_${hashOf(name.repeat(times))}`;
  return `${cutToBytes(id, columnBytesMax - suffix.length)}${suffix}`;
};

/**
 * Returns the column ids of these names, by name. `fixedIds` are all other columns the table can have. A name equal to a fixed column gets
 * the prefix `score_`. A name that is cut, or taken by an older one, ends in its own hash.
 */
export const nameScoreColumns = (names: readonly ScoreName[], fixedIds: readonly string[]): Map<string, string> => {
  const fixed = new Set([...fixedIds.map(foldName), ""]);
  // If `input` becomes `score_input`, a score really named `score_input` must not keep that name.
  const prefixed = new Set([...fixed].map((id) => foldName(`score_${id}`)));
  const taken = new Set(fixed);
  const ids = new Map<string, string>();
  const oldestFirst = names.toSorted((a, b) => (a.firstMs ?? 0) - (b.firstMs ?? 0) || (a.name < b.name ? -1 : 1));
  for (const { name } of oldestFirst) {
    const own = storableForm(name);
    const folded = foldName(own);
    const base = fixed.has(folded) ? `score_${own}` : own;
    const isPlain = !prefixed.has(folded) && utf8.encode(base).byteLength <= columnBytesMax;
    let id = isPlain ? base : withHash(base, name, 1);
    for (let times = 1; taken.has(foldName(id)); times++) id = withHash(base, name, times);
    taken.add(foldName(id));
    ids.set(name, id);
  }
  return ids;
};
