/** A proxy before the real object store that fails as stores do: resets, 503, errors inside a 200, damaged and lost answers. Checks CRC-32 headers, which s3rver does not. */
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";

export type StoreFault =
  /** The connection ends before the store has seen the request. */
  | "reset"
  /** The store does what was asked; its answer is lost. */
  | "lostAnswer"
  /** 503 SlowDown, nothing done. */
  | "slowDown"
  /** 500 InternalError, nothing done. */
  | "internalError"
  /** 403 AccessDenied, nothing done. */
  | "denied"
  /** 200 with an <Error> in its body, as CompleteMultipartUpload may answer; nothing done. */
  | "errorIn200"
  /** One byte of the body arrives changed. */
  | "flippedByte"
  /** A HEAD tells one byte less than there is. */
  | "shortObject";

export type StoreCall = {
  method: string;
  kind: "create" | "part" | "complete" | "abort" | "list" | "put" | "head" | "delete" | "get";
  partNumber: number;
};

export type FaultStore = {
  endpoint: string;
  calls: StoreCall[];
  /** Decides for each call; the second argument counts the calls of that kind and part so far, from 1. */
  fail: (decide: (call: StoreCall, times: number) => StoreFault | undefined) => void;
  stop: () => void;
};

const kindOf = (method: string, query: URLSearchParams): StoreCall["kind"] => {
  if (method === "HEAD") return "head";
  if (method === "GET") return query.has("uploads") ? "list" : "get";
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return query.has("uploads") ? "create" : "complete";
  return query.has("uploadId") ? "abort" : "delete";
};

const errorXml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`;

export const startFaultStore = (target: string): Promise<FaultStore> => {
  const upstream = new URL(target);
  const calls: StoreCall[] = [];
  const times = new Map<string, number>();
  let decide: (call: StoreCall, times: number) => StoreFault | undefined = () => undefined;
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", upstream);
    const method = incoming.method ?? "GET";
    const call: StoreCall = { method, kind: kindOf(method, url.searchParams), partNumber: Number(url.searchParams.get("partNumber") ?? 0) };
    calls.push(call);
    const id = `${call.kind}:${call.partNumber}`;
    times.set(id, (times.get(id) ?? 0) + 1);
    const fault = decide(call, times.get(id) ?? 1);
    const answer = (status: number, xml: string) => outgoing.writeHead(status, { "content-type": "application/xml" }).end(xml);
    if (fault === "reset") {
      incoming.socket.destroy();
      return;
    }
    // The sender may go away in the middle of its body.
    const gone = () => incoming.socket.destroy();
    void readAll(incoming).then((body) => {
      if (fault === "slowDown") return answer(503, errorXml("SlowDown"));
      if (fault === "internalError") return answer(500, errorXml("InternalError"));
      if (fault === "denied") return answer(403, errorXml("AccessDenied"));
      if (fault === "errorIn200") return answer(200, errorXml("InternalError"));
      if (fault === "flippedByte" && body.byteLength > 0) body.writeUInt8(body.readUInt8(body.byteLength >> 1) ^ 1, body.byteLength >> 1);
      const checksum = incoming.headers["x-amz-checksum-crc32"];
      if (typeof checksum === "string" && Buffer.from(checksum, "base64").readUInt32BE() !== crc32(body))
        return answer(400, errorXml("BadDigest"));
      const forward = httpRequest(
        {
          host: upstream.hostname,
          port: upstream.port,
          path: incoming.url,
          method,
          headers: { ...incoming.headers, "content-length": body.byteLength },
        },
        (reply) => {
          readAll(reply).then((text) => {
            if (fault === "lostAnswer") return incoming.socket.destroy();
            const headers = { ...reply.headers };
            delete headers["transfer-encoding"];
            if (method === "HEAD") {
              if (fault === "shortObject") headers["content-length"] = String(Number(headers["content-length"]) - 1);
              return outgoing.writeHead(reply.statusCode ?? 500, headers).end();
            }
            return outgoing.writeHead(reply.statusCode ?? 500, { ...headers, "content-length": String(text.byteLength) }).end(text);
          }, gone);
        },
      );
      forward.on("error", gone);
      return forward.end(body);
    }, gone);
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        endpoint: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
        calls,
        fail: (next) => {
          decide = next;
          times.clear();
          calls.length = 0;
        },
        stop: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    }),
  );
};

const readAll = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
