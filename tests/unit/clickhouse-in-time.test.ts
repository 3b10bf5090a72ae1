import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { withinSeconds } from "../../db/clickhouse/within-seconds.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const against = async (answer: RequestListener, seconds = 0.3) => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clickhouse = createClickHouse({ url: `http://127.0.0.1:${port}`, user: "u", password: "", database: "d" }, (input, init) =>
    fetch(input, init),
  );
  return withinSeconds(clickhouse, { seconds, nowMs: Date.now });
};
const late = expect.objectContaining({ code: "CLICKHOUSE_UNAVAILABLE" });
const head = { "x-clickhouse-summary": '{"result_rows":"1"}' };
const silent: RequestListener = () => {};
const begun: RequestListener = (_, response) => {
  response.writeHead(200, head);
  response.write('{"x":');
};

describe("a ClickHouse that stops answering", () => {
  it.each([
    ["at once", silent],
    ["in the middle of its answer", begun],
  ])("%s fails a query in time", async (_, answer) => {
    const { queryRows } = await against(answer);
    await expect(queryRows({ sql: "SELECT 1" })).rejects.toThrow(late);
  });

  it("at once fails bytes in time", async () => {
    const { openBytes } = await against(silent);
    await expect(openBytes({ sql: "SELECT 1", contentEncoding: null })).rejects.toThrow(late);
  });

  it("in the middle of its bytes fails their reader in time", async () => {
    const { openBytes } = await against(begun);
    const { body } = await openBytes({ sql: "SELECT 1", contentEncoding: null });
    await expect(new Response(body).text()).rejects.toThrow();
  });

  it("gives a request its time once, however many queries it asks", async () => {
    let asked = 0;
    const { queryRows } = await against((request, response) => {
      asked++;
      if (asked > 1) return silent(request, response);
      setTimeout(() => response.writeHead(200, head).end('{"x":1}\n'), 200);
    });
    const startedMs = performance.now();
    expect(await queryRows({ sql: "SELECT 1" })).toEqual([{ x: 1 }]);
    await expect(Promise.all([queryRows({ sql: "SELECT 2" }), queryRows({ sql: "SELECT 3" })])).rejects.toThrow(late);
    await expect(queryRows({ sql: "SELECT 4" })).rejects.toThrow(late);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  it("and one that answers is passed on byte for byte", async () => {
    const { openBytes } = await against((_, response) => response.writeHead(200, head).end("ä".repeat(100_000)), 60);
    const { body, rows } = await openBytes({ sql: "SELECT 1", contentEncoding: null });
    expect([await new Response(body).text(), rows]).toEqual(["ä".repeat(100_000), 1]);
  });
});
