/** Event log: marks rows whose object has not arrived yet. */

/** Stands in for an event id: the observation was named but has not arrived. */
export const reservedEventId = "";
