/**
 * An S3-like server that discards what it receives: the fastest possible store, so that a benchmark measures the sender. Speaks raw
 * HTTP/1.1 over Bun sockets: Content-Length and chunked bodies, multipart calls, HEAD with the size of the last object.
 */
type Conn = {
  head: string;
  left: number;
  chunked: boolean;
  state: "head" | "length" | "size" | "data" | "crlf" | "trailer";
  line: string;
  request: string;
  body: number;
};

/** Bytes of each part by number, so that parts may arrive in any order; a plain PUT is part 1. */
const objects = new Map<string, Map<number, number>>();
const answer = (status: string, body: string, headers = "") =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;

const respond = (conn: Conn): string => {
  const [method = "", target = ""] = conn.request.split(" ");
  const url = new URL(target, "http://sink");
  if (method === "POST" && url.searchParams.has("uploads")) {
    objects.delete(url.pathname);
    return answer("200 OK", "<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>");
  }
  if (method === "PUT") {
    const partNumber = url.searchParams.get("partNumber");
    if (partNumber === null) objects.delete(url.pathname);
    const parts = objects.get(url.pathname) ?? new Map<number, number>();
    objects.set(url.pathname, parts.set(Number(partNumber ?? 1), conn.body));
    return answer("200 OK", "", 'etag: "0"\r\n');
  }
  if (method === "POST") return answer("200 OK", "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  if (method === "HEAD") {
    const bytes = [...(objects.get(url.pathname)?.values() ?? [])].reduce((sum, part) => sum + part, 0);
    return `HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`;
  }
  return answer("204 No Content", "");
};

const fresh = (): Conn => ({ head: "", left: 0, chunked: false, state: "head", line: "", request: "", body: 0 });

/** Starts the sink on a free loopback port. */
const startSink = (port = 0): { port: number; stop: () => void } => {
  const server = Bun.listen<Conn>({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.data = fresh();
      },
      data(socket, bytes) {
        const conn = socket.data;
        for (let at = 0; at < bytes.length; ) {
          if (conn.state === "length" || conn.state === "data") {
            const taken = Math.min(conn.left, bytes.length - at);
            conn.left -= taken;
            conn.body += taken;
            at += taken;
            if (conn.left > 0) break;
            if (conn.state === "data") conn.state = "crlf";
            else finish();
            continue;
          }
          const end = bytes.indexOf(10, at);
          const piece = bytes.subarray(at, end === -1 ? bytes.length : end + 1).toString("latin1");
          conn.line += piece;
          at += piece.length;
          if (end === -1) break;
          const line = conn.line.trimEnd();
          conn.line = "";
          if (conn.state === "crlf") conn.state = "size";
          else if (conn.state === "size") {
            conn.left = Number.parseInt(line, 16);
            conn.state = conn.left === 0 ? "trailer" : "data";
          } else if (conn.state === "trailer") {
            if (line === "") finish();
          } else if (line !== "") {
            if (conn.request === "") conn.request = line;
            const [name = "", value = ""] = line.split(": ");
            if (name.toLowerCase() === "content-length") conn.left = Number(value);
            if (name.toLowerCase() === "transfer-encoding") conn.chunked = true;
            if (name.toLowerCase() === "expect") socket.write("HTTP/1.1 100 Continue\r\n\r\n");
          } else if (conn.chunked) conn.state = "size";
          else if (conn.left > 0) conn.state = "length";
          else finish();
        }
        function finish() {
          socket.write(respond(conn));
          Object.assign(conn, fresh());
        }
      },
    },
  });
  return { port: server.port, stop: () => server.stop(true) };
};

if (import.meta.main) {
  const sink = startSink(Number(process.argv[2] ?? 0));
  console.log(JSON.stringify({ port: sink.port }));
}
