/** Runs a ClickHouse server in its own process: `bun server.ts DATA_DIR PORT`. */
const [dataDir = "", port = ""] = process.argv.slice(2);
new Worker(new URL("./engine.ts", import.meta.url).href).postMessage({ dataDir, port: Number(port) });
