/** Bounds how many of the calls that come from anywhere run at once; the others wait in their order. */
export const limitConcurrency = (atOnceMax: number): (<Result>(act: () => Promise<Result>) => Promise<Result>) => {
  const waiting: (() => void)[] = [];
  let free = atOnceMax;
  return async (act) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      // The place goes to the next in line, or a call that comes in between would pass it.
      if (next === undefined) free++;
      else next();
    }
  };
};
