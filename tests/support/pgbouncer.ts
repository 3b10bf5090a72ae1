/** PgBouncer in transaction mode in front of a Postgres, as a hosted pooler is. Debian package `pgbouncer`. */
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { freePort } from "../../local/free-port.ts";
import { type Service, startService } from "../../local/service.ts";

const program = "/usr/sbin/pgbouncer";
const nobody = 65534;

/** Returns how to get what is missing. Undefined where PgBouncer is installed. */
export const missingPgbouncer = (): string | undefined =>
  existsSync(program) ? undefined : "PgBouncer is not installed. Run: apt-get install -y --no-install-recommends pgbouncer";

/** Eight connections to the server for each database: more sessions of ours share them, so session state would be noticed. */
const settings = (port: number, target: URL, dir: string): string => `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(dir, "users.txt")}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
server_reset_query_always = 0
log_connections = 0
log_disconnections = 0
`;

/** It refuses to run as root, so root starts it as `nobody`. The directory must be reachable by that user. */
export const startPgbouncer = async (
  dir: string,
  postgresUrl: string,
): Promise<Service & { /** The address of the same database behind it. */ pooled: (url: string) => string }> => {
  const asRoot = process.getuid?.() === 0;
  const ids = asRoot ? { uid: nobody, gid: nobody } : {};
  const target = new URL(postgresUrl);
  const port = await freePort();
  mkdirSync(dir, { recursive: true });
  const configFile = join(dir, "pgbouncer.ini");
  const usersFile = join(dir, "users.txt");
  writeFileSync(configFile, settings(port, target, dir));
  writeFileSync(usersFile, `"${decodeURIComponent(target.username)}" "${decodeURIComponent(target.password)}"\n`);
  chmodSync(dir, 0o755);
  if (asRoot) for (const file of [dir, configFile, usersFile]) chownSync(file, nobody, nobody);
  const service = await startService({
    name: "PgBouncer",
    command: program,
    args: [configFile],
    stopSignal: "SIGINT",
    logFile: `${dir}.log`,
    isReady: () => connects(port),
    ...ids,
  });
  return {
    ...service,
    pooled: (url) => {
      const through = new URL(url);
      through.port = String(port);
      through.searchParams.set("pgbouncer", "true");
      return through.href;
    },
  };
};

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
