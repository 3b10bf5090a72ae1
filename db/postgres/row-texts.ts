/** Rows on their way into one statement each, as JSON: a message to Postgres has to pass a WebSocket, whose proxies refuse long ones. */

/** Of one statement; Bun's WebSockets refuse 16 MiB, others less. */
const charactersMax = 2 * 1024 * 1024;

/** JSON lists of the rows, in order, each of one row at least and about two million characters at most. */
export function* rowTexts(rows: readonly object[]): Generator<string, void> {
  let texts: string[] = [];
  let characters = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (texts.length > 0 && characters + text.length > charactersMax) {
      yield `[${texts.join(",")}]`;
      texts = [];
      characters = 0;
    }
    texts.push(text);
    characters += text.length + 1;
  }
  if (texts.length > 0) yield `[${texts.join(",")}]`;
}
