/** How well a title fits what was typed: 0 if its letters do not occur in order; more if they begin words and stand together. */
export const matchScore = (title: string, typed: string): number => {
  const text = title.toLowerCase();
  let from = 0;
  let score = 1;
  for (const letter of typed.toLowerCase().replaceAll(/\s+/g, "")) {
    const found = text.indexOf(letter, from);
    if (found === -1) return 0;
    score += found === from && from > 0 ? 3 : found === 0 || text[found - 1] === " " ? 2 : 0;
    from = found + 1;
  }
  return score;
};
