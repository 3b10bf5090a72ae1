/** A door in front of a TCP server: open, silent (accepts and never answers), mute (gives one answer, then no more), or shut (nothing listens). */
import { connect, createServer, type Socket } from "node:net";

export type Gate = { url: string; open: (how?: "open" | "silent" | "mute") => Promise<void>; shut: () => Promise<void> };

export const startGate = async (target: string): Promise<Gate> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let answersMax = Number.POSITIVE_INFINITY;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let answers = 0;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => {
        if (answers >= answersMax) return;
        if (from === upstream) answers++;
        to.write(chunk);
      });
      from.on("error", () => {
        // The other side went away; both are destroyed below.
      });
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const address = server.address();
  const own = address !== null && typeof address === "object" ? address.port : 0;
  const url = new URL(target);
  url.port = String(own);
  return {
    url: url.href,
    open: async (how = "open") => {
      answersMax = { open: Number.POSITIVE_INFINITY, silent: 0, mute: 1 }[how];
      if (!server.listening) await listen(own);
    },
    shut: async () => {
      const closed = server.listening ? new Promise<void>((resolve) => server.close(() => resolve())) : undefined;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
