/** One field out of the ordered bodies of an entity. Absent (undefined) names nothing; null is a value. */

/** Of the last event that names it. */
export const lastNamed = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): Body[Key] | undefined =>
  bodies.findLast((body) => body[key] !== undefined)?.[key];

/** Of the last event that gives it a value other than null. */
export const lastPresent = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): NonNullable<Body[Key]> | undefined =>
  firstPresent(bodies.toReversed(), key);

/** Of the first event that gives it a value other than null: keys keep it. */
export const firstPresent = <Body, Key extends keyof Body>(bodies: readonly Body[], key: Key): NonNullable<Body[Key]> | undefined => {
  for (const body of bodies) {
    const value = body[key];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
};
