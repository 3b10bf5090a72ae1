/** Runs one replica in its own process: `bun server.ts CONFIG_FILE DATA_DIR REPLICA_HOST PORT`. */
const [configFile = "", dataDir = "", host = "", port = ""] = process.argv.slice(2);
const engine = new Worker(new URL("./engine.ts", import.meta.url).href);
engine.addEventListener("error", ({ message }) => {
  console.error(message);
  process.exit(1);
});
engine.postMessage({ configFile, dataDir, host, port: Number(port) });
