/** Ingestion, merge: picks one field from the ordered bodies of an entity. Undefined means not named; null is a value. */

/** Value from the last event that names the field. */
export const lastNamed = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): Body[Key] | undefined =>
  bodies.findLast((body) => body[key] !== undefined)?.[key];

/** Value from the last event where it is not null. */
export const lastPresent = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): NonNullable<Body[Key]> | undefined =>
  firstPresent(bodies.toReversed(), key);

/** Value from the first event where it is not null. Sort key columns use it. */
export const firstPresent = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): NonNullable<Body[Key]> | undefined => {
  for (const body of bodies) {
    const value = body[key];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
};
