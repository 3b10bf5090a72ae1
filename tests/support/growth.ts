/** Whether the time of work grows with its size alone, on any machine and beside any noise. */

/** The large input is as much work as this many small ones where the work is linear, and this many times as much where it looks at every pair. */
const times = 128;
const roundsMax = 8;

/** Far above what linear work takes, whose memory is used less well the more there is of it; far below what work takes that looks at every pair. */
export const growthMax = 24;

const msOf = (act: () => unknown): number => {
  const startedMs = performance.now();
  act();
  return performance.now() - startedMs;
};

/**
 * The time for an input of `size`, as a multiple of that for equally much in small inputs: about 1 where it is linear, 128 where it is
 * quadratic. Both take about as long, so that noise meets both, and the best of each counts, of as many rounds as it takes.
 */
export const growthOf = <Input>(size: number, makeInput: (size: number) => Input, work: (input: Input) => unknown): number => {
  const [small, large] = [makeInput(Math.ceil(size / times)), makeInput(size)];
  let [smallMs, largeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < roundsMax && !(largeMs / smallMs < growthMax); round++) {
    smallMs = Math.min(
      smallMs,
      msOf(() => {
        for (let one = 0; one < times; one++) work(small);
      }),
    );
    largeMs = Math.min(
      largeMs,
      msOf(() => work(large)),
    );
  }
  return largeMs / smallMs;
};
