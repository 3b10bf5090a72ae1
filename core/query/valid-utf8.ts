/** Text as UTF-8 in SQL: each run of other bytes becomes U+FFFD. */

/**
 * Three bytes after the text keep toValidUTF8 from removing valid ones at its end: it reads as many bytes as an incomplete character would
 * need (ClickHouse 26.7).
 */
export const validUtf8 = (text: string): string =>
  `arrayMap(u -> substring(u, 1, length(u) - 3), [toValidUTF8(concat(${text}, '   '))])[1]`;
