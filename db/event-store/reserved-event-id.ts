/** Rows of the event log whose object has not come yet. */

/** Instead of the id of an event: the observation was named, but has not come. */
export const reservedEventId = "";
