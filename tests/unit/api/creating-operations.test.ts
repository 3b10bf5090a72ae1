/** Every operation that creates something takes an Idempotency-Key. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Operation = { operationId: string; parameters?: { in: string; name: string }[]; responses: Record<string, unknown> };
const { paths } = JSON.parse(readFileSync(new URL("../../../openapi/openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
};

/** Operations with POST that take none, and why. */
const exempt: Record<string, string> = {
  ingest: "each event has an id of its own",
  exportOtelTraces: "each span has an id of its own",
  exportOtelMetrics: "stores nothing",
  exportOtelLogs: "stores nothing",
  estimateBatchExport: "creates nothing",
  previewBatchExport: "creates nothing",
  matchModel: "creates nothing",
  listTableRows: "creates nothing",
  countTableRows: "creates nothing",
  listTableValues: "creates nothing",
  adminRetryJob: "repeated, it finds no dead letter",
  cancelBatchExport: "repeated, it finds the export cancelled",
  retryBatchExport: "repeated, it is refused while the export waits or runs",
  pauseIntegration: "repeated, it changes nothing",
  resumeIntegration: "repeated, it changes nothing",
  resendInvitation: "repeated, it is refused for a minute",
  requestMailLink: "each mail has a link of its own, and their number is limited",
  verifySignIn: "a link works once",
  signOut: "repeated, it changes nothing",
  redeliverWebhookDelivery: "a delivery has an id of its own, by which receivers know it",
  redeliverWebhookDeliveries: "deliveries have ids of their own, by which receivers know them",
};

const posts = Object.values(paths).flatMap(({ post }) => (post === undefined ? [] : [post]));
const takesKey = ({ parameters = [] }: Operation): boolean =>
  parameters.some((one) => one.in === "header" && one.name === "idempotency-key");

it("every POST takes an Idempotency-Key, or has a reason not to", () => {
  expect(posts.length).toBeGreaterThan(20);
  expect(posts.filter((post) => !takesKey(post) && exempt[post.operationId] === undefined).map(({ operationId }) => operationId)).toEqual(
    [],
  );
});

it("no reason is stale", () => {
  const without = posts.filter((post) => !takesKey(post)).map(({ operationId }) => operationId);
  expect(Object.keys(exempt).filter((operationId) => !without.includes(operationId))).toEqual([]);
});

it("what takes one declares its refusals", () => {
  for (const post of posts.filter(takesKey)) expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(["400", "409", "422"]));
});
