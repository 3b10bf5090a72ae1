/**
 * Names of the columns of scores. Anybody may name a score, so a name is made fit for readers: distinct from every other column also for those that ignore case (Spark, BigQuery,
 * Athena, DuckDB), without NUL and broken Unicode, and at most 255 bytes. What a score's column is called depends on its own name and on scores that were there before, never on later ones.
 */
import { storableForm } from "../storable.ts";

/** A score name of the project, whether all its values are numbers, and what has scores of this name. */
export type ScoreName = {
  name: string;
  isNumber: boolean;
  levels: "observation" | "trace" | "both";
  /** When a score of this name was first stored, in milliseconds since 1970: of names that differ by case alone, the first keeps its own. */
  firstMs?: number;
};

/** Athena and Glue take 255 bytes of UTF-8 (docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html, read 2026-11); others take more. */
export const columnBytesMax = 255;

/** What readers that ignore case see of a name. A quote that guards a formula in CSV is not seen: it could make two headers equal. */
export const foldName = (name: string): string =>
  name
    .replace(/^'(?=[=+\-@\t\r\n＝＋－＠])/, "")
    .normalize("NFKC")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC");

/** FNV-1a of the UTF-16 units, eight hex digits: short, and the same in every export. */
const hashOf = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
};

const utf8 = new TextEncoder();

/** The longest start of whole characters that fits. */
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
 * Ids of the columns for these names, by name. `fixedIds` are all other columns the table can have. A name that a fixed column has gets `score_` in front; one that is cut, or that an older name has
 * taken, ends in a hash of itself.
 */
export const nameScoreColumns = (names: readonly ScoreName[], fixedIds: readonly string[]): Map<string, string> => {
  const fixed = new Set([...fixedIds.map(foldName), ""]);
  // Where `score_input` is made of `input`, a score that is called so itself never has that name.
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
