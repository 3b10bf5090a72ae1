/** An S3-compatible server on a folder: `bun server.ts DATA_DIR PORT BUCKET…`. Credentials S3RVER / S3RVER; for development only. */
import { createRequire } from "node:module";
import { watchParent } from "../watch-parent.ts";

type S3rver = new (options: Record<string, unknown>) => { run: () => Promise<unknown> };

const S3rver = createRequire(import.meta.url)("@20minutes/s3rver") as S3rver;
const [directory, port, ...buckets] = process.argv.slice(2);
watchParent(() => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => {
  // Ctrl-C reaches the whole group; the stack stops its parts in order.
});
await new S3rver({
  address: "127.0.0.1",
  port: Number(port),
  directory,
  silent: true,
  vhostBuckets: false,
  configureBuckets: buckets.map((name) => ({ name, configs: [] })),
}).run();
