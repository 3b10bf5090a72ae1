/** workerd as a child that ends with its parent: `bun server.ts BINARY CONFIG`. */
import { spawn } from "node:child_process";
import { watchParent } from "../watch-parent.ts";

const [binary = "", config = ""] = process.argv.slice(2);
const server = spawn(binary, ["serve", config], { stdio: ["ignore", "inherit", "inherit"], detached: true });
const stop = () => server.kill("SIGTERM");
watchParent(stop);
process.on("SIGTERM", stop);
process.on("SIGINT", () => {
  // Ctrl-C reaches the whole group; the stack stops its parts in order.
});
server.on("exit", (code) => process.exit(code ?? 1));
