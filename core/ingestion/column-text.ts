/** Text on its way into a column of ClickHouse. */

/** Text as ClickHouse takes it: half a surrogate pair becomes U+FFFD. */
export const columnText = (text: string): string => text.toWellFormed();

/** The same, where the column may be NULL. */
export const nullableText = (text: string | null | undefined): string | null =>
  text === undefined || text === null ? null : columnText(text);
