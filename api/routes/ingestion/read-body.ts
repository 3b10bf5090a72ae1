/**
 * Reads bodies of the ingestion routes. Decompresses gzip and deflate and checks the size before and after, so that a small body cannot
 * expand without limit. Memory: the body twice.
 */
import type { Context } from "hono";
import { AppError, type ErrorCode } from "../../../core/errors.ts";
import { parsePythonJson } from "../../../core/exact-json.ts";
import type { AppEnv } from "../../deps.ts";

/** Langfuse's limit, 4.5 MB. */
export const ingestionBytesMax = 4_718_592;

/** Error codes of unreadable bodies. */
export const bodyCodes = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "INVALID_REQUEST"] as const satisfies readonly ErrorCode[];

export const readBody = async (c: Context<AppEnv>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> => {
  // `x-gzip` is gzip: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.3
  const encoding = (c.req.header("content-encoding") ?? "identity")
    .trim()
    .toLowerCase()
    .replace(/^x-gzip$/, "gzip");
  if (encoding !== "identity" && encoding !== "" && encoding !== "gzip" && encoding !== "deflate")
    throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send the body as it is, or with Content-Encoding gzip or deflate." });
  const chunks: Uint8Array[] = [];
  const bytes = await eachChunk(c, { bytesMax, packing: encoding === "gzip" || encoding === "deflate" ? encoding : undefined }, (chunk) => {
    chunks.push(chunk);
  });
  const all = new Uint8Array(bytes);
  let at = 0;
  // Each chunk is released as it is copied.
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
};

/** Reads the body to its end, as sent, without keeping it: exporters expect their whole request to be read. */
export const dropBody = async (c: Context<AppEnv>, bytesMax: number): Promise<void> => {
  await eachChunk(c, { bytesMax, packing: undefined }, () => {
    // The bytes are not needed.
  });
};

/** Returns the number of bytes. Decompressed bytes are counted as they arrive, and the stream is cancelled once they exceed the limit. */
const eachChunk = async (
  c: Context<AppEnv>,
  { bytesMax, packing }: { bytesMax: number; packing: "gzip" | "deflate" | undefined },
  take: (chunk: Uint8Array) => void,
): Promise<number> => {
  const tooLarge = () => new AppError({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${bytesMax} bytes.` });
  if (Number(c.req.header("content-length") ?? "0") > bytesMax) throw tooLarge();
  const { body } = c.req.raw;
  if (body === null) return 0;
  const stream = packing === undefined ? body : body.pipeThrough(new DecompressionStream(packing));
  let bytes = 0;
  const reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength;
      if (bytes > bytesMax) throw tooLarge();
      take(next.value);
    }
  } catch (cause) {
    await reader.cancel().catch(() => {
      // The stream has already failed. Its reason is thrown below.
    });
    if (cause instanceof AppError) throw cause;
    const message = packing === undefined ? "The body ended early." : "The body cannot be unpacked.";
    throw new AppError({ code: "INVALID_REQUEST", message, cause });
  }
  return bytes;
};

/** Strict decoding: an invalid byte would otherwise be stored as another character. */
export const utf8Text = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", message: "The body is not UTF-8.", cause });
  }
};

/** Keeps every digit of numbers, and takes NaN and the infinities of Python's JSON. */
export const parseJsonText = (text: string): unknown => {
  try {
    return parsePythonJson(text);
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", cause });
  }
};
