/** Bodies of the ingestion routes: unpacked when they are gzip, bounded before and after, so that a small body never becomes a large one. Memory: the body twice. */
import type { Context } from "hono";
import { AppError, type ErrorCode } from "../../../core/errors.ts";
import { parseExactJson } from "../../../core/exact-json.ts";
import type { AppEnv } from "../../deps.ts";

/** Langfuse's bound, 4.5 MB. */
export const ingestionBytesMax = 4_718_592;

/** Codes of bodies that cannot be read. */
export const bodyCodes = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "INVALID_REQUEST"] as const satisfies readonly ErrorCode[];

export const readBody = async (c: Context<AppEnv>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> => {
  const encoding = (c.req.header("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "" && encoding !== "gzip" && encoding !== "deflate")
    throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send the body as it is, or with Content-Encoding gzip or deflate." });
  const chunks: Uint8Array[] = [];
  const bytes = await eachChunk(c, { bytesMax, packing: encoding === "gzip" || encoding === "deflate" ? encoding : undefined }, (chunk) => {
    chunks.push(chunk);
  });
  const all = new Uint8Array(bytes);
  let at = 0;
  // Each is let go of as it is copied.
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
};

/** Reads it to its end as it is sent, and holds nothing of it: exporters want their request to be taken whole. */
export const dropBody = async (c: Context<AppEnv>, bytesMax: number): Promise<void> => {
  await eachChunk(c, { bytesMax, packing: undefined }, () => {
    // Nobody wants it.
  });
};

/** Answers the bytes there were. What is packed is counted as it comes out: the stream ends as soon as more has come than is allowed. */
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
      // It has failed already; the reason is thrown below.
    });
    if (cause instanceof AppError) throw cause;
    const message = packing === undefined ? "The body ended early." : "The body cannot be unpacked.";
    throw new AppError({ code: "INVALID_REQUEST", message, cause });
  }
  return bytes;
};

/** Fatal: a byte that is no UTF-8 would be stored as another character than was sent. */
export const utf8Text = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", message: "The body is not UTF-8.", cause });
  }
};

/** With every digit of its numbers. */
export const parseJsonText = (text: string): unknown => {
  try {
    return parseExactJson(text);
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", cause });
  }
};
