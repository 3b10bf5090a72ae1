/** Texts compared without regard to upper and lower case. */

/** Greek has two small sigmas, of which lower case takes one by the letters around it: in a part of a text it may be the other. */
const sigmas = /[Σσς]/;

/** Folds a text as `foldCase` does in SQL. */
export const foldedText = (text: string): string => text.toLowerCase().replaceAll("ς", "σ");

/** Folds a text in SQL, to be compared with `asked`, folded likewise. */
export const foldCase = (sql: string, asked: string): string => {
  const lower = `lowerUTF8(${sql})`;
  return sigmas.test(asked) ? `replaceAll(${lower}, 'ς', 'σ')` : lower;
};

/** A letter of either case, in all its spellings. */
export const casesOf = (letter: string): string[] => {
  const spelled = [letter, letter.toLowerCase(), letter.toUpperCase(), ...(sigmas.test(letter) ? ["Σ", "σ", "ς"] : [])];
  // Upper case may be another text: ß is SS.
  return [...new Set(spelled)].filter((one) => foldedText(one) === foldedText(letter));
};
