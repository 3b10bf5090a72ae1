/** Ingestion, writing: prepares text for a ClickHouse column. */

/** Replaces lone surrogates with U+FFFD: ClickHouse accepts only well-formed text. */
export const columnText = (text: string): string => text.toWellFormed();

/** Does the same for a nullable column. */
export const nullableText = (text: string | null | undefined): string | null =>
  text === undefined || text === null ? null : columnText(text);
