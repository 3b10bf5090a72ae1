/** A TCP proxy that cuts connections: after a number of bytes of the answers, once or always. */
import { connect, createServer, type Socket } from "node:net";

export type FaultProxy = {
  url: string;
  /** Cuts the next connection whose answer passes this many bytes; null lets everything through. */
  cutAfter: (bytes: number | null, how?: "FIN" | "RST") => void;
  cuts: () => number;
  stop: () => void;
};

export const startFaultProxy = (target: string): Promise<FaultProxy> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let limit: number | null = null;
  let how: "FIN" | "RST" = "RST";
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let passed = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {
        // The other side went away; both are destroyed below.
      });
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      passed += chunk.byteLength;
      if (limit !== null && passed > limit) {
        const keep = Math.max(0, chunk.byteLength - (passed - limit));
        limit = null;
        cuts++;
        client.write(chunk.subarray(0, keep), () => (how === "RST" ? client.resetAndDestroy() : client.end()));
        upstream.destroy();
        return;
      }
      if (!client.write(chunk)) {
        upstream.pause();
        client.once("drain", () => upstream.resume());
      }
    });
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
        cutAfter: (bytes, kind = "RST") => {
          limit = bytes;
          how = kind;
        },
        cuts: () => cuts,
        stop: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      });
    }),
  );
};
