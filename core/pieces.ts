/**
 * Long work without I/O, as a generator that yields between its pieces. The caller decides whether others get a turn in between
 * (runner/turns.ts).
 */
export type Pieces<Result> = Generator<void, Result, void>;

/** Runs all pieces at once. */
export const finish = <Result>(pieces: Pieces<Result>): Result => {
  for (;;) {
    const next = pieces.next();
    if (next.done === true) return next.value;
  }
};
