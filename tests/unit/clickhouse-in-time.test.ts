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

const against = async (answer: RequestListener, { seconds = 0.3, nowMs = Date.now }: { seconds?: number; nowMs?: () => number } = {}) => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clickhouse = createClickHouse({ url: `http://127.0.0.1:${port}`, user: "u", password: "", database: "d" }, (input, init) =>
    fetch(input, init),
  );
  return withinSeconds(clickhouse, { seconds, nowMs });
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
    let nowMs = 3_600_000;
    const { openBytes } = await against(begun, { nowMs: () => nowMs });
    // The request has an hour left, so that only the silence behind the first byte is too long.
    nowMs = 0;
    const { body } = await openBytes({ sql: "SELECT 1", contentEncoding: null });
    await expect(new Response(body).text()).rejects.toThrow();
  });

  it("gives a request its time once, however many queries it asks", async () => {
    let [asked, nowMs] = [0, 0];
    // An hour each would be too long for this test.
    const seconds = 3600;
    const answer: RequestListener = (request, response) => {
      asked++;
      if (asked > 1) return silent(request, response);
      response.writeHead(200, head).end('{"x":1}\n');
    };
    const { queryRows } = await against(answer, { seconds, nowMs: () => nowMs });
    expect(await queryRows({ sql: "SELECT 1" })).toEqual([{ x: 1 }]);
    nowMs = seconds * 1000 - 200;
    await expect(Promise.all([queryRows({ sql: "SELECT 2" }), queryRows({ sql: "SELECT 3" })])).rejects.toThrow(late);
    nowMs = seconds * 1000 + 1;
    await expect(queryRows({ sql: "SELECT 4" })).rejects.toThrow(late);
  });

  it("and one that answers is passed on byte for byte", async () => {
    const { openBytes } = await against((_, response) => response.writeHead(200, head).end("ä".repeat(100_000)), {
      seconds: 3600,
    });
    const { body, rows } = await openBytes({ sql: "SELECT 1", contentEncoding: null });
    expect([await new Response(body).text(), rows]).toEqual(["ä".repeat(100_000), 1]);
  });
});
