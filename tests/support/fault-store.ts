/** A proxy before the real object store that fails as stores do: resets, 503, errors inside a 200, damaged and lost answers. Checks CRC-32 headers, which s3rver does not. */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
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
  | "shortObject"
  /** A HEAD tells no length, as some proxies do. */
  | "noLength"
  /** The store does what was asked; its answer has no body. */
  | "emptyAnswer"
  /** The ETag of a part comes back marked as weak, as a proxy that compresses does. */
  | "weakEtag"
  /** Names in XML have a prefix, and the upload id character references. */
  | "prefixedXml"
  /** R2: parts of one upload must have one size, but for the last. */
  | "equalParts"
  /** Nothing is done; this is answered. */
  | StoreRefusal;

export type StoreRefusal = { status: number; code?: string; message?: string; more?: string; headers?: Record<string, string> };

export type StoreCall = {
  method: string;
  kind: "create" | "part" | "complete" | "abort" | "list" | "put" | "head" | "delete" | "get";
  partNumber: number;
  /** Path and query as they were asked for. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Once it has arrived. */
  body: Buffer;
};

type Decide = (call: StoreCall, times: number) => StoreFault | undefined | Promise<StoreFault | undefined>;

export type FaultStore = {
  endpoint: string;
  calls: StoreCall[];
  /**
   * Decides for each call; the second argument counts the calls of that kind and part so far, from 1. While a decision is not made, the call
   * waits.
   */
  fail: (decide: Decide) => void;
  stop: () => void;
};

const kindOf = (method: string, query: URLSearchParams): StoreCall["kind"] => {
  if (method === "HEAD") return "head";
  if (method === "GET") return query.has("uploads") ? "list" : "get";
  if (method === "PUT") return query.has("partNumber") ? "part" : "put";
  if (method === "POST") return query.has("uploads") ? "create" : "complete";
  return query.has("uploadId") ? "abort" : "delete";
};

const errorXml = (code: string, message = "made by a test", more = "") =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;

/** The same document with prefixes, and with every character of the upload id as a reference. */
const prefixed = (xml: string): string =>
  xml
    .replace(
      /(<UploadId>)([^<]*)/,
      (_, open: string, id: string) => `${open}${[...id].map((c) => `&#x${(c.codePointAt(0) ?? 0).toString(16)};`).join("")}`,
    )
    .replaceAll(/<(\/?)([A-Za-z])/g, "<$1ns0:$2")
    .replace("xmlns=", "xmlns:ns0=");

export const startFaultStore = (target: string): Promise<FaultStore> => {
  const upstream = new URL(target);
  const calls: StoreCall[] = [];
  const times = new Map<string, number>();
  const partSizes = new Map<string, Map<number, number>>();
  let decide: Decide = () => undefined;
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", upstream);
    const method = incoming.method ?? "GET";
    const call: StoreCall = {
      method,
      kind: kindOf(method, url.searchParams),
      partNumber: Number(url.searchParams.get("partNumber") ?? 0),
      path: incoming.url ?? "",
      headers: incoming.headers,
      body: Buffer.alloc(0),
    };
    calls.push(call);
    const id = `${call.kind}:${call.partNumber}`;
    times.set(id, (times.get(id) ?? 0) + 1);
    const fault = await decide(call, times.get(id) ?? 1);
    const answer = (status: number, xml: string, headers: Record<string, string> = {}) =>
      outgoing.writeHead(status, { "content-type": "application/xml", ...headers }).end(method === "HEAD" ? undefined : xml);
    if (fault === "reset") {
      incoming.socket.destroy();
      return;
    }
    // The sender may go away in the middle of its body.
    const gone = () => incoming.socket.destroy();
    void readAll(incoming).then((body) => {
      call.body = Buffer.from(body);
      if (typeof fault === "object")
        return answer(fault.status, fault.code === undefined ? "" : errorXml(fault.code, fault.message, fault.more), fault.headers);
      const uploadId = url.searchParams.get("uploadId") ?? "";
      if (call.kind === "part")
        partSizes.set(uploadId, (partSizes.get(uploadId) ?? new Map<number, number>()).set(call.partNumber, body.byteLength));
      if (fault === "equalParts" && call.kind === "complete") {
        const sizes = [...(partSizes.get(uploadId) ?? [])].toSorted(([a], [b]) => a - b).map(([, size]) => size);
        if (new Set(sizes.slice(0, -1)).size > 1 || (sizes.at(-1) ?? 0) > (sizes[0] ?? 0))
          return answer(400, errorXml("InvalidPart", "All non-trailing parts must have the same length."));
      }
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
            if (fault === "weakEtag" && headers.etag !== undefined) headers.etag = `W/${headers.etag}`;
            if (fault === "noLength" && method === "HEAD") {
              delete headers["content-length"];
              return outgoing.writeHead(reply.statusCode ?? 500, { ...headers, "transfer-encoding": "chunked" }).end();
            }
            const sent =
              fault === "emptyAnswer" ? Buffer.alloc(0) : fault === "prefixedXml" ? Buffer.from(prefixed(text.toString("utf8"))) : text;
            if (method === "HEAD") {
              if (fault === "shortObject") headers["content-length"] = String(Number(headers["content-length"]) - 1);
              return outgoing.writeHead(reply.statusCode ?? 500, headers).end();
            }
            return outgoing.writeHead(reply.statusCode ?? 500, { ...headers, "content-length": String(sent.byteLength) }).end(sent);
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
