/**
 * Models: RE2 bracket contents for pattern escapes and class names. Letters and numbers are those of Postgres in a UTF-8 database; `\d` and
 * `[:digit:]` are ASCII.
 */

const space = "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
const noSpace =
  "\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";
const word = "\\p{L}\\p{N}_";
const noWord =
  "\\p{M}\\p{Z}\\p{C}\\p{S}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}";

/** `\d` and the like, inside and outside brackets. */
export const bracketEscapes: Readonly<Record<string, string>> = { d: "0-9", D: "\\D", w: word, W: noWord, s: space, S: noSpace };

export const charEscapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\x07",
  e: "\x1b",
  0: "\0",
};

/** `[:alpha:]` and the like. */
export const classNames: Readonly<Record<string, string>> = {
  alpha: "\\p{L}",
  digit: "0-9",
  alnum: "\\p{L}\\p{N}",
  lower: "\\p{Ll}",
  upper: "\\p{Lu}",
  space,
  blank: " \\t",
  punct: "\\p{P}\\p{S}",
  word,
  xdigit: "0-9A-Fa-f",
  cntrl: "\\x{0}-\\x{1f}\\x{7f}-\\x{9f}",
  graph: "!-~",
  print: " -~",
};
