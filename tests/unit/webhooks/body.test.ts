/** Bodies: the samples fit their schemas, every source has one type, and none is too large. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBody, type WebhookSubject } from "../../../core/webhooks/build-body.ts";
import {
  WebhookPayload,
  webhookEventTypeNames,
  webhookEventTypes,
  webhookSources,
  webhookTypeOf,
} from "../../../core/webhooks/event-types.ts";
import { repositoryRoot } from "../../../local/service.ts";
import { manifestOf } from "../../support/export-rows.ts";

const folder = join(repositoryRoot, "docs/webhook-samples");

describe.each(webhookEventTypeNames)("%s", (type) => {
  it("has a sample that its schema accepts as it is", () => {
    const file = join(folder, `${type}.json`);
    expect(existsSync(file)).toBe(true);
    const sample = WebhookPayload.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(sample.type).toBe(type);
    expect(webhookEventTypes[type].data.parse(sample.data)).toEqual(sample.data);
  });

  it("is made of an outbox event that no other type is made of", () => {
    expect(webhookTypeOf(webhookEventTypes[type].outbox)).toBe(type);
  });
});

it("there is no other sample, and no source twice", () => {
  expect(readdirSync(folder).toSorted()).toEqual(webhookEventTypeNames.map((type) => `${type}.json`).toSorted());
  expect(new Set(webhookSources).size).toBe(webhookSources.length);
});

const completed = (over: Partial<WebhookSubject> = {}, name = "n"): WebhookSubject => ({
  type: "export.completed",
  createdAt: "2026-11-01T00:00:00.000Z",
  projectId: "prj_1",
  payload: { batchExportId: "exp_1", name, rows: 3, bytes: 30, truncated: false, expiresAt: "2026-11-08T00:00:00.000Z" },
  export: { metadata: { team: "quality" }, manifest: manifestOf("exp_1") },
  publicUrl: "https://spillway.example",
  ...over,
});
const dataOf = (subject: WebhookSubject) => WebhookPayload.parse(JSON.parse(buildBody(subject))).data;

describe("export.completed", () => {
  it("carries the manifest and the addresses", () => {
    expect(dataOf(completed())).toMatchObject({
      manifest: { exportId: "exp_1", rows: 3 },
      manifestUrl: "https://spillway.example/api/public/batch-exports/exp_1/manifest",
      downloadUrl: "https://spillway.example/api/public/batch-exports/exp_1/download",
      metadata: { team: "quality" },
    });
  });

  it("names only the address of a large manifest", () => {
    const manifest = { ...manifestOf("exp_1"), columns: Array.from({ length: 5000 }, (_, index) => `column ${index}`) };
    const subject = completed({ export: { metadata: { team: "quality" }, manifest } });
    expect(dataOf(subject)).toMatchObject({
      manifest: null,
      metadata: { team: "quality" },
      manifestUrl: expect.stringMatching(/manifest$/),
    });
    expect(buildBody(subject).length).toBeLessThan(20_000);
  });

  it("stays below 20 kB whatever its texts are", () => {
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, "日".repeat(2000)]));
    const subject = completed({ export: { metadata, manifest: null } }, "日".repeat(30_000));
    expect(Buffer.byteLength(buildBody(subject))).toBeLessThan(20_000);
    expect(dataOf(subject)).toMatchObject({ metadata: null, batchExportId: "exp_1" });
  });
});
