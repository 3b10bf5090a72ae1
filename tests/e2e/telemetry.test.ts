/** What an operator sees of one request: its id in the lines of both processes, and its trace at a collector. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../local/free-port.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";

type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  links?: { traceId: string }[];
  attributes: Record<string, unknown>;
  service: unknown;
};
type Attribute = { key: string; value: Record<string, unknown> };
type Received = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: (Omit<Span, "attributes"> & { attributes: Attribute[] })[] }[];
  }[];
};

const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector of OTLP JSON. */
const spans: Span[] = [];
const headersSeen = new Set<string | undefined>();
const collector = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    headersSeen.add(request.headers["x-team"]?.toString());
    const received = JSON.parse(Buffer.concat(chunks).toString()) as Received;
    for (const { resource, scopeSpans } of received.resourceSpans) {
      const service = valuesOf(resource.attributes)["service.name"];
      for (const one of scopeSpans.flatMap((scope) => scope.spans)) spans.push({ ...one, attributes: valuesOf(one.attributes), service });
    }
    response.end("{}");
  });
});
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
const { port } = collector.address() as AddressInfo;
const pagesPort = await freePort();

const { stack, call, ingest, json } = useWholeStack({
  env: {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}/v1/traces`,
    OTEL_EXPORTER_OTLP_HEADERS: "x-team=exports",
    SPILLWAY_METRICS_PORT: String(pagesPort),
  },
});
afterAll(() => collector.close());

const event = eventWith(uniqueIds());

const until = async <Found>(look: () => Found | undefined | Promise<Found | undefined>): Promise<Found> => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not seen; the spans are ${JSON.stringify(spans.map(({ name, traceId }) => [name, traceId]))}`);
};
const linesOf = (log: string): Record<string, unknown>[] =>
  readFileSync(join(stack().dataDir, "logs", log), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const lineOf = (log: string, fits: (line: Record<string, unknown>) => boolean) => until(() => linesOf(log).find(fits));

const callersTrace = "0af7651916cd43dd8448eb211c80319c";
const callersSpan = "b7ad6b7169203331";
let exported: { id: string; requestId: string };

beforeAll(async () => {
  await ingest([event("trace-create", { id: "traced" })]);
  const body = JSON.stringify({ format: "CSV", query: { tableName: "events", filter: [] } });
  const response = await call("batch-exports", { method: "POST", body }, { traceparent: `00-${callersTrace}-${callersSpan}-01` });
  exported = { id: ((await response.json()) as { id: string }).id, requestId: response.headers.get("x-request-id") ?? "" };
  await until(async () => ((await json(`batch-exports/${exported.id}`))["status"] === "COMPLETED" ? true : undefined));
});

describe("an export", () => {
  it("is one trace from its caller through the request, the queue and the attempt to the settling", async () => {
    const named = (name: string) => until(() => spans.find((span) => span.traceId === callersTrace && span.name === name));
    const request = await named("POST /api/public/batch-exports");
    const attempt = await named("export.run");
    const steps = await Promise.all(["plan", "query", "upload", "settle"].map(named));
    expect(request).toMatchObject({ parentSpanId: callersSpan, service: "spillway-api", kind: 2 });
    expect(request.attributes).toMatchObject({ "http.response.status_code": 202, "spillway.request_id": exported.requestId });
    expect(attempt).toMatchObject({ parentSpanId: request.spanId, service: "spillway-runner", kind: 5 });
    expect(attempt.attributes).toMatchObject({ "spillway.job.state": "completed", "spillway.request_id": exported.requestId });
    expect(steps.map(({ parentSpanId }) => parentSpanId)).toEqual(steps.map(() => attempt.spanId));
  });

  it("has its request's id in the line of the request and in the lines of the attempt", async () => {
    expect(await lineOf("worker.log", (line) => line["request_id"] === exported.requestId)).toMatchObject({
      event: "request",
      status: 202,
    });
    const attempt = await lineOf("runner.log", (line) => line["event"] === "job_attempt" && line["kind"] === "export.run");
    expect(attempt).toMatchObject({ request_id: exported.requestId, attempt: 1, state: "completed" });
    const planned = await lineOf("runner.log", (line) => line["event"] === "export_planned");
    expect(planned).toMatchObject({ request_id: exported.requestId, job_id: attempt["job_id"] });
    // One line for each request and attempt.
    expect(linesOf("worker.log").filter((line) => line["event"] === "request" && line["request_id"] === exported.requestId)).toHaveLength(
      1,
    );
    expect(linesOf("runner.log").filter((line) => line["event"] === "job_attempt" && line["job_id"] === attempt["job_id"])).toHaveLength(1);
  });

  it("carries its request's id on to the mail about it", async () => {
    const mail = await lineOf("runner.log", (line) => line["event"] === "job_attempt" && line["kind"] === "mail.send");
    expect(mail["request_id"]).toBe(exported.requestId);
    expect(await until(() => spans.find((span) => span.name === "mail.send"))).toMatchObject({ traceId: callersTrace });
  });
});

describe("ingested events", () => {
  it("are linked: the batch that writes them is a trace of its own, with a link to each request", async () => {
    const request = await until(() => spans.find((span) => span.name === "POST /api/public/ingestion"));
    const batch = await until(() => spans.find((span) => span.name === "ingestion.merge"));
    expect(batch.parentSpanId ?? "").toBe("");
    expect(batch.links?.map(({ traceId }) => traceId)).toContain(request.traceId);
    expect(await lineOf("runner.log", (line) => line["event"] === "ingestion_batch")).toMatchObject({
      request_ids: [request.attributes["spillway.request_id"]],
    });
  });
});

describe("a traceparent that is none", () => {
  it("is ignored: the request begins a trace", async () => {
    const response = await call("batch-exports", {}, { traceparent: `00-${"0".repeat(32)}-${callersSpan}-01` });
    const id = response.headers.get("x-request-id");
    const span = await until(() => spans.find(({ attributes }) => attributes["spillway.request_id"] === id));
    expect(span.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(span.parentSpanId ?? "").toBe("");
  });
});

describe("what is logged and sent", () => {
  it("holds no secret, and carries the headers of the collector", () => {
    const { s3, secretKey, adminKey } = stack();
    const told = JSON.stringify([spans, linesOf("worker.log"), linesOf("runner.log")]);
    for (const secret of [secretKey, adminKey, s3.secretAccessKey]) expect(told).not.toContain(secret);
    expect([...headersSeen]).toEqual(["exports"]);
  });
});

describe("the runner's pages", () => {
  it("say that it is alive and ready", async () => {
    const ask = async (page: string) => (await fetch(`http://127.0.0.1:${pagesPort}${page}`)).status;
    await until(async () => ((await ask("/readyz")) === 200 ? true : undefined));
    expect(await ask("/healthz")).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${pagesPort}/readyz`)).json()).toEqual({
      status: "ready",
      checks: { migrations: "ok", loops: "ok" },
      pending: { postgres: [], clickhouse: [] },
    });
  });
});
