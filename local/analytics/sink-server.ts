/**
 * The HTTP part of the local analytics servers: reads a request, lets the product answer, keeps what it stored, and can break on purpose.
 * `GET /received` lists the stored events. For development and tests only.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

export type SinkServerRequest = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  /** Uncompressed; null if the encoding is unknown or the bytes do not fit it. */
  body: Buffer | null;
};

/** `stored` are events the product keeps, each with the key by which it knows repetitions. */
export type ProductAnswer<Stored> = {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
  stored?: readonly { key: string; event: Stored }[];
};

/** What goes wrong with a request. */
export type SinkFault =
  /** Answered without asking the product. */
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: unknown }
  /** Never answered. */
  | { kind: "silent" }
  /** The connection breaks before the product has seen the request, or after it has stored it. */
  | { kind: "reset"; when: "before" | "after" }
  /** The connection breaks in the middle of the answer, or the rest of it never comes. */
  | { kind: "cut" | "stalled" };

type SinkServerOptions<Stored> = {
  port?: number;
  answer: (request: SinkServerRequest) => ProductAnswer<Stored>;
  /** Asked for each POST, in the order they come. */
  fault?: ((request: SinkServerRequest) => SinkFault | undefined) | undefined;
  /** Keeps stored events over a restart, as lines of JSON. */
  file?: string | undefined;
};

export type SinkServer<Stored> = {
  url: string;
  /** Every POST, also those that failed. */
  requests: SinkServerRequest[];
  /** Every event in every request that was stored, repetitions too. */
  deliveries: Stored[];
  /** Each event once: of repetitions, the last. */
  events: () => Stored[];
  stop: () => Promise<void>;
};

const decoders: Record<string, (bytes: Buffer) => Promise<Buffer>> = {
  "": (bytes) => Promise.resolve(bytes),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

export const startSinkServer = async <Stored>({
  port = 0,
  answer,
  fault,
  file,
}: SinkServerOptions<Stored>): Promise<SinkServer<Stored>> => {
  const requests: SinkServerRequest[] = [];
  const deliveries: Stored[] = [];
  const kept = new Map<string, Stored>();
  const keep = (key: string, event: Stored) => {
    deliveries.push(event);
    kept.set(key, event);
  };
  if (file !== undefined && existsSync(file))
    for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const { key, event } = JSON.parse(line) as { key: string; event: Stored };
      keep(key, event);
    }

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    if (incoming.method === "GET" && url.pathname === "/received")
      return send(response, 200, {}, { deliveries: deliveries.length, events: [...kept.values()] });
    const request = await readRequest(incoming, url);
    requests.push(request);
    const wrong = fault?.(request);
    if (wrong?.kind === "silent") return;
    if (wrong?.kind === "reset" && wrong.when === "before") return void incoming.socket.destroy();
    if (wrong?.kind === "answer") return send(response, wrong.status, wrong.headers ?? {}, wrong.body ?? {});
    const { status, headers = {}, body, stored = [] } = answer(request);
    for (const { key, event } of stored) keep(key, event);
    if (file !== undefined && stored.length > 0)
      appendFileSync(file, stored.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
    if (wrong?.kind === "reset") return void incoming.socket.destroy();
    if (wrong !== undefined) return sendHalf(response, status, body, wrong.kind === "cut");
    send(response, status, headers, body);
  };

  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
    requests,
    deliveries,
    events: () => [...kept.values()],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

const readRequest = async (incoming: IncomingMessage, url: URL): Promise<SinkServerRequest> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const decode = decoders[incoming.headers["content-encoding"] ?? ""];
  const body = decode === undefined ? null : await decode(Buffer.concat(chunks)).catch(() => null);
  return { method: incoming.method ?? "", path: url.pathname, query: url.searchParams, headers: incoming.headers, body };
};

const send = (response: ServerResponse, status: number, headers: Record<string, string>, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
};

/** Announces the whole answer and sends half of it. */
const sendHalf = (response: ServerResponse, status: number, body: unknown, breaks: boolean): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => (breaks ? response.destroy() : undefined));
};

/** The JSON of a request; undefined if it is none. */
export const jsonBody = ({ body }: SinkServerRequest): unknown => {
  if (body === null) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
};
