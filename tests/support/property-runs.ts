/** How often costly properties run: a whole run must end in half an hour on two cores. `npm run test:long` runs all of them. */
export const isLong = process.env["SPILLWAY_LONG_TESTS"] === "1";

/** A fifth of the runs, rounded up, unless all are asked for. */
export const runsOf = (all: number): number => (isLong ? all : Math.ceil(all / 5));

/**
 * Every pair in a long run; otherwise each value of both lists at least once, as many pairs as the longer list has values. Which values meet
 * shifts from round to round, so that lists which are products themselves are mixed.
 */
export const pairsOf = <A, B>(as: readonly A[], bs: readonly B[]): [A, B][] => {
  const round = Math.min(as.length, bs.length);
  const isTurn = (i: number, j: number) => (i + Math.floor(i / round)) % round === j % round;
  return as.flatMap((a, i) => bs.flatMap((b, j): [A, B][] => (isLong || isTurn(i, j) ? [[a, b]] : [])));
};
