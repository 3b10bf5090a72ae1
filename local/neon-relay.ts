/**
 * A WebSocket in front of one Postgres, like Neon's proxy: lets the Worker's driver reach a plain server. Loopback only, and only to this
 * server.
 */
import { connect, type Socket } from "node:net";

type Connection = { socket: Socket | undefined; waiting: Buffer[] };

export const startNeonRelay = (postgresUrl: string, port = 0): { port: number; address: string; stop: () => Promise<void> } => {
  const target = new URL(postgresUrl);
  const server = Bun.serve<Connection>({
    hostname: "127.0.0.1",
    port,
    fetch(request, bunServer) {
      return bunServer.upgrade(request, { data: { socket: undefined, waiting: [] } })
        ? undefined
        : new Response("a WebSocket only", { status: 426 });
    },
    websocket: {
      open(client) {
        const socket = connect(Number(target.port || 5432), target.hostname);
        client.data.socket = socket;
        socket.on("data", (bytes) => client.sendBinary(typeof bytes === "string" ? Buffer.from(bytes) : new Uint8Array(bytes)));
        socket.on("close", () => client.close());
        socket.on("error", () => client.close());
      },
      message(client, message) {
        client.data.socket?.write(typeof message === "string" ? Buffer.from(message) : message);
      },
      close(client) {
        client.data.socket?.destroy();
      },
    },
  });
  return { port: server.port ?? port, address: `127.0.0.1:${server.port}/`, stop: () => server.stop(true) };
};
