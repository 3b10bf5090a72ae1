/**
 * In front of the replicas: spreads requests over those that are up, in turn, and passes answers on as they come. It also stands in for the
 * queue of distributed DDL, which the embedded library lacks: a statement `ON CLUSTER` is sent, without that clause, to every replica if it
 * creates something, else to one replica of each shard, as a server does with replicated tables. Holds a request's body.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Replica } from "./start-cluster.ts";

type Asked = { method: string; path: string; headers: IncomingMessage["headers"]; body: Buffer };

const send = (replica: Replica, { method, path, headers, body }: Asked): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request(`${replica.url}${path}`, { method, headers: { ...headers, "content-length": body.byteLength }, agent: false });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    outgoing.end(body);
  });

const textOf = async (answer: IncomingMessage): Promise<string> => Buffer.concat(await answer.toArray()).toString("utf8");

const pass = (answer: IncomingMessage, to: ServerResponse): void => {
  to.writeHead(answer.statusCode ?? 500, answer.headers);
  answer.on("error", () => to.destroy());
  answer.on("aborted", () => to.destroy());
  to.on("close", () => answer.destroy());
  answer.pipe(to);
};

const refuse = (to: ServerResponse, code: number, text: string): void => {
  to.writeHead(500, { "x-clickhouse-exception-code": String(code) });
  to.end(`Code: ${code}. DB::Exception: ${text}`);
};

export const startGateway = async (replicas: readonly Replica[], cluster: string) => {
  let turn = 0;
  let held: { pattern: RegExp; before: () => Promise<void> } | undefined;
  const clause = new RegExp(`ON CLUSTER \`?${cluster}\`?`);

  const onCluster = async (asked: Asked, text: string, to: ServerResponse): Promise<void> => {
    const everywhere = /^\s*(CREATE|DROP)/.test(text);
    const targets = everywhere
      ? replicas
      : [...new Set(replicas.map(({ shard }) => shard))].map((shard) => replicas.find((each) => each.shard === shard && each.isUp()));
    const body = Buffer.from(text.replace(clause, ""));
    for (const replica of targets) {
      if (replica?.isUp() !== true) return refuse(to, 159, "a host of the cluster is not up (TIMEOUT_EXCEEDED)");
      const answer = await send(replica, { ...asked, body });
      if (answer.statusCode !== 200) return pass(answer, to);
      await textOf(answer);
    }
    to.writeHead(200);
    to.end();
  };

  const balanced = async (asked: Asked, to: ServerResponse): Promise<void> => {
    for (const _ of replicas) {
      const replica = replicas[turn++ % replicas.length];
      if (replica?.isUp() !== true) continue;
      try {
        return pass(await send(replica, asked), to);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") continue;
        return void to.destroy();
      }
    }
    to.destroy();
  };

  const server = createServer(async (incoming, to) => {
    try {
      const body = Buffer.concat(await incoming.toArray());
      const asked = { method: incoming.method ?? "POST", path: incoming.url ?? "/", headers: incoming.headers, body };
      const text = body.byteLength < 100_000 ? body.toString("utf8") : "";
      const statement = body.subarray(0, 1000).toString("utf8");
      if (held?.pattern.test(`${decodeURIComponent(asked.path.replaceAll("+", " "))} ${statement}`) === true) {
        const { before } = held;
        held = undefined;
        await before();
      }
      await (clause.test(text) ? onCluster(asked, text, to) : balanced(asked, to));
    } catch {
      // The replica went away in the middle: its client sees a cut connection, as behind any load balancer.
      to.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`,
    /** Runs `before`, once, ahead of the next request whose path or statement matches, and then passes the request on. */
    once: (pattern: RegExp, before: () => Promise<void>) => {
      held = { pattern, before };
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
