/** How often costly properties run: a whole run must end in half an hour on two cores. `npm run test:long` runs all of them. */
export const isLong = process.env["SPILLWAY_LONG_TESTS"] === "1";

/** A fifth of the runs, rounded up, unless all are asked for. */
export const runsOf = (all: number): number => (isLong ? all : Math.ceil(all / 5));

/** Every pair in a long run; otherwise each value of both lists at least once, as many pairs as the longer list has values. */
export const pairsOf = <A, B>(as: readonly A[], bs: readonly B[]): [A, B][] => {
  const all = as.flatMap((a) => bs.map((b): [A, B] => [a, b]));
  const isTurn = (place: number) =>
    Math.floor(place / bs.length) % Math.min(as.length, bs.length) === (place % bs.length) % Math.min(as.length, bs.length);
  return isLong ? all : all.filter((_, place) => isTurn(place));
};
