/** An HTTP proxy before ClickHouse that does something just before a query reaches the server: a test chooses what happens between two queries. */
import { createServer, request as httpRequest } from "node:http";
import { buffer } from "node:stream/consumers";

export type QueryHook = {
  url: string;
  /** Awaited before the query with this id is passed on; `body` holds its SQL. */
  before: (act: (queryId: string, body: string) => Promise<void>) => void;
  /** Called with what the server says it read for the query with this id. */
  after: (see: (queryId: string, rowsRead: number) => void) => void;
  /** Settings of queries that do not set them themselves, as a user's profile gives them. */
  profile: (settings: Record<string, string>) => void;
  stop: () => void;
};

export const startQueryHook = (target: string): Promise<QueryHook> => {
  const upstream = new URL(target);
  let act: (queryId: string, body: string) => Promise<void> = async () => {};
  let see: (queryId: string, rowsRead: number) => void = () => {};
  let profile: [string, string][] = [];
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", upstream);
    for (const [name, value] of profile) if (!url.searchParams.has(name)) url.searchParams.set(name, value);
    const queryId = url.searchParams.get("query_id") ?? "";
    const gone = () => outgoing.destroy();
    const body = await buffer(incoming).catch(gone);
    if (!Buffer.isBuffer(body)) return;
    act(queryId, body.toString("utf8")).then(() => {
      const forward = httpRequest(
        {
          host: upstream.hostname,
          port: upstream.port,
          path: `${url.pathname}${url.search}`,
          method: incoming.method,
          headers: incoming.headers,
        },
        (reply) => {
          const summary = JSON.parse(String(reply.headers["x-clickhouse-summary"] ?? "{}")) as { read_rows?: string };
          see(queryId, Number(summary.read_rows ?? 0));
          outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
          reply.pipe(outgoing);
        },
      );
      forward.on("error", gone);
      forward.end(body);
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
        after: (next) => {
          see = next;
        },
        profile: (settings) => {
          profile = Object.entries(settings);
        },
        stop: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    }),
  );
};
