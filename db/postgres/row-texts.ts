/** Postgres: splits rows into JSON texts, one per statement: a message to Postgres may pass a WebSocket, whose proxies refuse long ones. */

/** Maximum per statement; Bun's WebSockets refuse 16 MiB, others less. */
const charactersMax = 2 * 1024 * 1024;

/** Yields JSON lists of the rows, in order, each with at least one row and about two million characters at most. */
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
