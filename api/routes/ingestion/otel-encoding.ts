/** The two encodings of OTLP/HTTP, and the limit of their bodies. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { AppEnv } from "../../deps.ts";
import { isJsonType } from "../../middleware/json-body.ts";

/** Limit after decompression. The Worker has 128 MB of memory in total. */
export const otelBytesMax = 16 * 1024 * 1024;

export const protobufType = "application/x-protobuf";

/** Returns true for protobuf and false for JSON. Throws UNSUPPORTED_MEDIA_TYPE. */
export const isProtobufType = (c: Context<AppEnv>): boolean => {
  const type = c.req.header("content-type") ?? "";
  if (/^\s*application\/x-protobuf\s*(;|$)/i.test(type)) return true;
  if (isJsonType(type)) return false;
  throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send application/x-protobuf or application/json." });
};
