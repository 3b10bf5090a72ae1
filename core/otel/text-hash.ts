/**
 * A short name for a text, where two texts of one trace must not have the same by chance: 64 bits by two runs of FNV-1a with different starts
 * (https://datatracker.ietf.org/doc/html/draft-eastlake-fnv, read 28 November 2026). Not for what an attacker could gain by.
 */
export const textHash = (text: string): string => {
  let [a, b] = [0x811c9dc5, 0x9dc5811c];
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x01000193) ^ (b >>> 15);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
};
