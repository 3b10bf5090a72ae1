/** A Worker for the benchmark of the API: one INSERT a request, through the connection and driver of the API, and nothing else. */
import { neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { openRequestDatabase } from "../../../api/open-database.ts";

export default {
  async fetch(request: Request, env: { DATABASE_URL: string; NEON_WS_PROXY: string }): Promise<Response> {
    if (new URL(request.url).pathname === "/health") return new Response("ok");
    Object.assign(neonConfig, { wsProxy: () => env.NEON_WS_PROXY, useSecureWebSocket: false, pipelineTLS: false, pipelineConnect: false });
    const { db, close } = openRequestDatabase({ databaseUrl: env.DATABASE_URL, timeoutMs: 10_000, log: () => {} });
    await db.execute(sql`insert into bench_rows (body) values (${await request.text()}::jsonb)`);
    await close();
    return new Response(null, { status: 201 });
  },
};
