/** Around every request: its id, one log line, the body's bounds, and the database opened on first use and closed at the end. */
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { AppDeps, AppEnv } from "../deps.ts";

/** Bytes a request body may have. */
export const bodyBytesMax = 1024 * 1024;

export const requestFrame = (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async function requestFrame(c, next) {
    const startedMs = deps.nowMs();
    const requestId = deps.newId("request");
    c.set("requestId", requestId);
    c.header("x-request-id", requestId);
    const opened = lazyDatabase(deps);
    c.set("db", opened.db);
    await next();
    c.header("x-request-id", requestId);
    const isStream = c.res.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (!isStream) await opened.close();
    const actor = c.get("actor");
    deps.log({
      event: "request",
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: deps.nowMs() - startedMs,
      ...(actor === undefined ? {} : { project_id: actor.projectId, api_key_id: actor.apiKeyId }),
    });
  };

/** Opens a connection with the first statement: most refused requests never need one. */
const lazyDatabase = (deps: AppDeps): { db: Database; close: () => Promise<void> } => {
  let opened: ReturnType<AppDeps["openDatabase"]> | undefined;
  const db = new Proxy({} as Database, {
    get: (_target, name) => {
      opened ??= deps.openDatabase();
      const value: unknown = Reflect.get(opened.db, name);
      return typeof value === "function" ? value.bind(opened.db) : value;
    },
  });
  return { db, close: async () => opened?.close() };
};

/** JSON bodies only, within bounds, and parsed once before any route looks at them. */
export const jsonBody = (): MiddlewareHandler<AppEnv> =>
  async function jsonBody(c, next) {
    if (c.req.method !== "POST" && c.req.method !== "PUT") return next();
    const tooLarge = () => new AppError({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${bodyBytesMax} bytes.` });
    if (Number(c.req.header("content-length") ?? "0") > bodyBytesMax) throw tooLarge();
    const text = await boundedText(c.req.raw.clone(), tooLarge);
    if (text === "") return next();
    if (!/^application\/([\w.-]+\+)?json\b/i.test(c.req.header("content-type") ?? ""))
      throw new AppError({ code: "UNSUPPORTED_MEDIA_TYPE" });
    try {
      JSON.parse(text);
    } catch (cause) {
      throw new AppError({ code: "INVALID_JSON", cause });
    }
    return next();
  };

const boundedText = async (request: Request, tooLarge: () => AppError): Promise<string> => {
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return new TextDecoder().decode(concat(chunks, bytes));
};

const concat = (chunks: readonly Uint8Array[], bytes: number): Uint8Array => {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
};
