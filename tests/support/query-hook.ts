/** An HTTP proxy before ClickHouse that does something just before a query reaches the server: a test chooses what happens between two queries. */
import { createServer, request as httpRequest } from "node:http";

export type QueryHook = {
  url: string;
  /** Awaited before the query with this id is passed on. */
  before: (act: (queryId: string) => Promise<void>) => void;
  stop: () => void;
};

export const startQueryHook = (target: string): Promise<QueryHook> => {
  const upstream = new URL(target);
  let act: (queryId: string) => Promise<void> = async () => {};
  const server = createServer((incoming, outgoing) => {
    const queryId = new URL(incoming.url ?? "/", upstream).searchParams.get("query_id") ?? "";
    const gone = () => outgoing.destroy();
    act(queryId).then(() => {
      const forward = httpRequest(
        { host: upstream.hostname, port: upstream.port, path: incoming.url, method: incoming.method, headers: incoming.headers },
        (reply) => {
          outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
          reply.pipe(outgoing);
        },
      );
      forward.on("error", gone);
      incoming.on("error", gone);
      incoming.pipe(forward);
    }, gone);
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
        before: (next) => {
          act = next;
        },
        stop: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    }),
  );
};
