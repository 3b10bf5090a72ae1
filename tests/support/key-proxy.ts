/** For tests of pages that need no session: a server on loopback in front of the API that adds the Authorization of a key to each call. */
import { createServer, request } from "node:http";

export type KeyProxy = { url: string; stop: () => Promise<void> };

export const startKeyProxy = async (apiUrl: string, authorization: string): Promise<KeyProxy> => {
  const { hostname, port } = new URL(apiUrl);
  const server = createServer((incoming, outgoing) => {
    const isCall = incoming.url?.startsWith("/api/") === true;
    const headers = { ...incoming.headers, ...(isCall ? { authorization } : {}) };
    const upstream = request({ hostname, port, method: incoming.method, path: incoming.url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
