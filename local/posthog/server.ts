/** The local PostHog in its own process: `server.ts DIR PORT TOKEN`. Keeps what it got in DIR; `GET /received` lists it. */
import { join } from "node:path";
import { startPostHogServer } from "./posthog-server.ts";

const [dir = ".", port = "0", projectToken = ""] = process.argv.slice(2);
await startPostHogServer({ port: Number(port), projectToken, file: join(dir, "events.ndjson") });
