/** HTTP servers on loopback addresses that count their connections, with TLS or without. */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

type CountingServer = { port: number; connections: () => number; stop: () => void };

type Listening = { host: string; port?: number };

const started = async (server: Server, { host, port = 0 }: Listening): Promise<CountingServer> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {
      // The client went away.
    });
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

/** Answers every connection with 200 and closes it. */
export const startListener = (at: Listening): Promise<CountingServer> =>
  started(
    createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"))),
    at,
  );

/** Hands each connection to `onSocket`, to answer by hand. */
export const startRaw = (onSocket: (socket: Socket) => void, at: Listening): Promise<CountingServer> => started(createServer(onSocket), at);

export const startHttp = (handle: RequestListener, at: Listening): Promise<CountingServer> => started(createHttpServer(handle), at);

type TlsServer = CountingServer & {
  /** `SNI Host` of every request, grouped by connection. */
  requests: () => string[][];
};

/** Answers every request with 200 and keeps the connection. */
export const startTls = async ({ cert, key, ...at }: Listening & { cert: string; key: string }): Promise<TlsServer> => {
  const requests: string[][] = [];
  const server = createTlsServer({ cert, key }, (socket) => {
    const own: string[] = [];
    requests.push(own);
    socket.on("error", () => {
      // The client went away.
    });
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!text.endsWith("\r\n\r\n")) return;
      own.push(`${String((socket as { servername?: unknown }).servername)} ${/^host: (.*)\r$/im.exec(text)?.[1]}`);
      text = "";
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });
  return { ...(await started(server, at)), requests: () => requests };
};
