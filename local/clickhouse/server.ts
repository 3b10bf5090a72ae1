/** A ClickHouse server in a process of its own: `bun server.ts DATA_DIR PORT`. MergeTree tables survive a hard end, so it simply exits. */
import { watchParent } from "../watch-parent.ts";

const [dataDir = "", port = ""] = process.argv.slice(2);
const stop = () => process.kill(process.pid, "SIGKILL");
watchParent(stop);
process.on("SIGTERM", stop);
process.on("SIGINT", () => {
  // Ctrl-C reaches the whole group; the stack stops its parts in order.
});
new Worker(new URL("./engine.ts", import.meta.url).href).postMessage({ dataDir, port: Number(port) });
