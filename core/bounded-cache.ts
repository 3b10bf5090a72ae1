/** A cache bounded by weight; evicts the least recently used entries first. */

export type BoundedCache<Key, Value> = {
  /** Returns the cached value, or that of `make`. A value heavier than the whole cache is not kept. */
  get: (key: Key, make: (key: Key) => Value) => Value;
  size: () => number;
};

/** `weightOf` is called once per value; without it each weighs 1. */
export const createBoundedCache = <Key, Value>({
  weightMax,
  weightOf = () => 1,
}: {
  weightMax: number;
  weightOf?: (value: Value) => number;
}): BoundedCache<Key, Value> => {
  const held = new Map<Key, { value: Value; weight: number }>();
  let total = 0;

  const shrink = () => {
    for (const [key, { weight }] of held) {
      if (total <= weightMax) return;
      held.delete(key);
      total -= weight;
    }
  };

  return {
    get: (key, make) => {
      const known = held.get(key);
      if (known !== undefined) {
        // A Map iterates in insertion order.
        held.delete(key);
        held.set(key, known);
        return known.value;
      }
      const value = make(key);
      const weight = weightOf(value);
      if (weight > weightMax) return value;
      held.set(key, { value, weight });
      total += weight;
      shrink();
      return value;
    },
    size: () => held.size,
  };
};
