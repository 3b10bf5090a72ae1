/** What the ClickHouse client sends, and that it keeps nothing of it. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { seedFrom } from "../support/property-seed.ts";

const seed = seedFrom("FC_SEED");
const config = { url: "http://127.0.0.1:1", user: "u", password: "", database: "d" };

it("rows arrive as lines of JSON of the announced length, whatever their texts and however many pieces they fill", async () => {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clickhouse = createClickHouse({ ...config, url: `http://127.0.0.1:${port}` }, fetch);
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", "\n", "é".repeat(70_000), "x".repeat(300_000)));
  // It names an entity, whose id may have 800 characters.
  const tokens = fc.constantFrom("one", "漢".repeat(800));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ text, count: fc.integer() }), { minLength: 1, maxLength: 8 }), tokens, async (rows, token) => {
        await clickhouse.insertRows({ table: "t", rows, token });
        const { headers, body } = received.pop() ?? { headers: {}, body: "" };
        expect(body).toBe(`INSERT INTO t FORMAT JSONEachRow\n${rows.map((row) => `${JSON.stringify(row)}\n`).join("")}`);
        expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
        expect(headers["transfer-encoding"]).toBeUndefined();
      }),
      { seed, numRuns: 60 },
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it.each(["queryRows", "openBytes"] as const)(
  "a finished %s holds nothing of its statement, though its caller's signal lives on",
  async (name) => {
    const summary = { "x-clickhouse-summary": '{"result_rows":"0"}' };
    const clickhouse = createClickHouse(config, () => Promise.resolve(new Response("", { headers: summary })));
    const call = (statement: { sql: string; signal: AbortSignal }) => clickhouse[name]({ ...statement, contentEncoding: null });
    const { signal } = new AbortController();
    const [calls, characters] = [60, 1_000_000];
    const heldBytes = () => {
      Bun.gc(true);
      return process.memoryUsage().external;
    };
    await call({ sql: "SELECT 1", signal });
    const before = heldBytes();
    for (let one = 0; one < calls; one++) await call({ sql: `SELECT '${String(one).padEnd(characters, "x")}'`, signal });
    expect(heldBytes() - before).toBeLessThan((calls * characters) / 4);
  },
);
