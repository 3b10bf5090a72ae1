/** Processes a list with bounded concurrency, starting items in order. */

/** Runs `act` for every item, at most `atOnce` at a time. */
export const forEachConcurrent = async <T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> => {
  let next = 0;
  const run = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
};
