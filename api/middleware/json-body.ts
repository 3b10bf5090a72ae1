/** Reads and parses a request body once, before any route sees it. Accepts only JSON in UTF-8, up to a limit. Memory: the body twice. */
import type { MiddlewareHandler } from "hono";
import { AppError, type ErrorCode, type FieldError } from "../../core/errors.ts";
import type { AppEnv } from "../deps.ts";
import { fieldPath } from "./problem.ts";

/** Largest request body, in bytes. */
const bodyBytesMax = 1024 * 1024;

/** Error codes of this middleware. */
export const jsonBodyCodes = [
  "INVALID_JSON",
  "INVALID_REQUEST",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
] as const satisfies readonly ErrorCode[];

/** Returns whether this middleware reads the body of requests with this method (upper case). */
export const readsJsonBody = (method: string): boolean => ["POST", "PUT", "PATCH", "DELETE"].includes(method);

export const jsonBody = (): MiddlewareHandler<AppEnv> =>
  async function jsonBody(c, next) {
    if (!readsJsonBody(c.req.method)) return next();
    if (Number(c.req.header("content-length") ?? "0") > bodyBytesMax) throw tooLarge();
    const bytes = await boundedBytes(c.req.raw);
    const headers = new Headers(c.req.raw.headers);
    if (bytes.byteLength > 0) {
      if (!isJsonType(headers.get("content-type") ?? "")) throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE" });
      if (!/^(identity)?$/i.test(headers.get("content-encoding") ?? ""))
        throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE", message: "Send the body without Content-Encoding." });
      const field = unsafeKey(parseJson(bytes));
      if (field !== undefined) throw new AppError({ code: "INVALID_REQUEST", fields: [field] });
      // Normalised for the routes, which only accept application/json.
      headers.set("content-type", "application/json");
    }
    c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers, body: bytes.byteLength === 0 ? null : bytes });
    return next();
  };

const tooLarge = () => new AppError({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${bodyBytesMax} bytes.` });

/** Strict decoding: an invalid byte would otherwise be stored as another character. */
const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    throw new AppError({ code: "INVALID_JSON", cause });
  }
};

/** RFC 9110, 5.6.2 and 5.6.4: a parameter value is a token or a quoted string. */
const parameter = /^([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")$/;
const mediaType = /^[ \t]*([\w!#$&^.+-]+)\/([\w!#$&^.+-]+)[ \t]*((?:;(?:[^;"]|"(?:[^"\\]|\\.)*")*)*)$/;

/**
 * Returns whether a Content-Type is JSON in UTF-8: application/json or a type with the suffix +json (RFC 6839), with any parameters except
 * another charset.
 */
export const isJsonType = (contentType: string): boolean => {
  const [, type = "", subtype = "", rest = ""] = mediaType.exec(contentType) ?? [];
  const name = `${type}/${subtype}`.toLowerCase();
  if (name !== "application/json" && !/^.+\/.+\+json$/.test(name)) return false;
  return (rest.match(/;(?:[^;"]|"(?:[^"\\]|\\.)*")*/g) ?? []).every((piece) => {
    const text = piece.slice(1).trim();
    if (text === "") return true;
    const [, key, token, quoted = ""] = parameter.exec(text) ?? [];
    if (key === undefined) return false;
    return key.toLowerCase() !== "charset" || /^utf-?8$/i.test(token ?? quoted.replaceAll(/\\(.)/g, "$1"));
  });
};

/** Finds the first key named `__proto__` at any depth. Later code that copies objects would silently drop it. */
export const unsafeKey = (body: unknown): FieldError | undefined => {
  type Place = { value: unknown; key: string | number; parent: Place | undefined };
  // Uses an explicit stack instead of recursion: a body may be nested a hundred thousand levels deep.
  const places: Place[] = [{ value: body, key: "", parent: undefined }];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value, parent, key } = place;
    if (key === "__proto__" && parent !== undefined) return { path: fieldPath(keysTo(place)), message: "This name cannot be used." };
    if (typeof value !== "object" || value === null) continue;
    for (const [name, inner] of Object.entries(value))
      places.push({ value: inner, key: Array.isArray(value) ? Number(name) : name, parent: place });
  }
  return undefined;
};

const keysTo = (place: { key: string | number; parent: unknown }): (string | number)[] => {
  const keys: (string | number)[] = [];
  for (let at = place; at.parent !== undefined; at = at.parent as typeof place) keys.push(at.key);
  return keys.toReversed();
};

const boundedBytes = async (request: Request): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return concat(chunks, bytes);
};

const concat = (chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
};
