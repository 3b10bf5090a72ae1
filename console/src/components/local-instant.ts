/** Between instants (ISO 8601) and the text of a `datetime-local` field, which has no zone: the reader's is meant. */

const two = (part: number): string => String(part).padStart(2, "0");

/** `2026-11-01T14:05:00`; empty for null. */
export const toLocal = (instant: string | null): string => {
  if (instant === null) return "";
  const at = new Date(instant);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
};

/** Null for an empty field. */
export const fromLocal = (text: string): string | null => (text === "" ? null : new Date(text).toISOString());
