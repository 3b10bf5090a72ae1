/** A Postgres server as a child that ends with its parent: `bun server.ts BIN_DIR DATA_DIR PORT UID [flags…]`. UID is empty unless root runs this. */
import { spawn } from "node:child_process";
import { watchParent } from "../watch-parent.ts";

const [binDir = "", dataDir = "", port = "", uid = "", ...flags] = process.argv.slice(2);
const server = spawn(`${binDir}/postgres`, ["-D", dataDir, "-p", port, "-k", "", "-h", "127.0.0.1", ...flags], {
  stdio: ["ignore", "inherit", "inherit"],
  detached: true,
  ...(uid === "" ? {} : { uid: Number(uid), gid: Number(uid) }),
});
// SIGINT is Postgres's fast shutdown: sessions are ended, data is flushed.
const stop = () => server.kill("SIGINT");
watchParent(stop);
process.on("SIGTERM", stop);
process.on("SIGINT", () => {
  // Ctrl-C reaches the whole group; the stack stops its parts in order.
});
server.on("exit", (code) => process.exit(code ?? 1));
