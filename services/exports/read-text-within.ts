/** Reads a body as text, up to a number of bytes. */

/** Resolves to undefined, and cancels the body, if there are more than `bytesMax` bytes. Memory: the text. */
export const readTextWithin = async (body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string | undefined> => {
  const reader = body.getReader();
  // A byte order mark is part of the content.
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  let text = "";
  for (let bytes = 0; ; ) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
};
