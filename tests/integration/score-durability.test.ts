import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AppDeps } from "../../api/deps.ts";
import { AppError } from "../../core/errors.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { execute } from "../../db/postgres/client.ts";
import { createAppOnFixture } from "../support/app-on-fixture.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

const events = (s3Client: S3Client): NonNullable<AppDeps["events"]> => ({
  s3: { ...fixture.s3Config, forcePathStyle: true },
  s3Client,
  prefix: fixture.eventPrefix,
  isLogEnabled: true,
  segmentBytesMax: 400,
  sampling: new Map(),
  sha256Hex: fixture.eventStore.sha256Hex,
});

const send = async (store: AppDeps["events"], body: object): Promise<{ status: number; json: Record<string, unknown> }> => {
  const app = createAppOnFixture(fixture, { newUuid: randomUUID, events: store });
  const headers = { authorization: `Bearer ${fixture.secretKey}`, "content-type": "application/json" };
  const response = await app.request("/api/public/scores", { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
};

const recorded = (id: string) =>
  execute<{ key: string; jobs: number }>(
    fixture.db,
    sql`select e.bucket_path as key, (select count(*)::int from jobs j where j.payload ->> 'fileKey' = e.bucket_path) as jobs
      from event_log e where e.entity_type = 'score' and e.entity_id = ${id}`,
  );
const score = (id: string) => ({ id, traceId: "t", name: "good", value: 1 });

it("a score whose id is answered has its file, its log row and its job", async () => {
  expect(await send(events(fixture.s3), score("kept"))).toEqual({ status: 200, json: { id: "kept" } });
  const [row, ...others] = await recorded("kept");
  expect([row?.jobs, others]).toEqual([1, []]);
  expect(JSON.parse((await fixture.readObject(row?.key ?? "")).toString("utf8"))).toMatchObject([
    { type: "score-create", body: score("kept") },
  ]);
});

it("a score whose file cannot be stored is not acknowledged, and nothing is recorded of it", async () => {
  const failing: S3Client = { ...fixture.s3, send: () => Promise.reject(new AppError({ code: "S3_UNAVAILABLE" })) };
  const { status, json } = await send(events(failing), score("lost"));
  expect([status, json["code"], json["id"]]).toEqual([503, "S3_UNAVAILABLE", undefined]);
  expect(await recorded("lost")).toEqual([]);
});

it("without a store none is taken in", async () => {
  expect((await send(null, score("refused"))).json["code"]).toBe("INGESTION_DISABLED");
});
