/** How often costly properties run: a whole run must end in half an hour on two cores. `npm run test:long` runs all of them. */
export const isLong = process.env["SPILLWAY_LONG_TESTS"] === "1";

/** A fifth of the runs, rounded up, unless all are asked for. */
export const runsOf = (all: number): number => (isLong ? all : Math.ceil(all / 5));
