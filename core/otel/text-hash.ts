/**
 * A short hash that avoids accidental collisions within one trace: 64 bits from two runs of FNV-1a with different seeds
 * (https://datatracker.ietf.org/doc/html/draft-eastlake-fnv, read 2026-11-28). Not for use where an attacker could gain from a collision.
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
