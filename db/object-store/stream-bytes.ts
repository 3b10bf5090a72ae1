/** S3: bytes as a body that is sent piece by piece. */

/** Small enough to stay in the processor's cache, large enough that JavaScript runs seldom. */
const pieceBytes = 256 * 1024;

/**
 * Streams the bytes; they must not change until the request has ended. Bun copies a body of bytes whole before it sends it, which takes
 * their size in memory again and a page fault for each 4 KiB. Of a stream it copies a piece, into memory that it keeps (docs/benchmarks.md).
 */
export const streamBytes = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at < bytes.byteLength) controller.enqueue(bytes.subarray(at, at + pieceBytes));
      else controller.close();
      at += pieceBytes;
    },
  });
};
