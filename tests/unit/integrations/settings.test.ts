import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import { checkIntegration, checkSecret } from "../../../core/integrations/check-integration.ts";
import { integrationKinds } from "../../../core/integrations/integration.ts";
import { BlobStorageSettings, storageOptions } from "../../../core/integrations/kinds/blob-storage.ts";
import { kindEntry } from "../../../core/integrations/kinds/index.ts";
import { showSecret } from "../../../core/integrations/show-secret.ts";

const nowMs = Date.parse("2026-11-28T12:00:00Z");
const deps = { nowMs, checkAddress: () => undefined, checkKeyTemplate: () => undefined };
const storage = { type: "S3", bucketName: "bucket" };
const wanted = (settings: Record<string, unknown>, more: object = {}) => ({
  id: "int_1",
  kind: "blob_storage" as const,
  name: "n",
  enabled: true,
  schedule: { frequency: "hourly" as const, cron: null, timeZone: "UTC" },
  mode: "FULL_HISTORY" as const,
  startDate: null,
  endsAt: null,
  tables: ["traces"],
  settings,
  ...more,
});
const fieldsOf = (work: () => unknown): string[] => {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof AppError) return error.fields.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
};
const problems = (settings: Record<string, unknown>, more: object = {}) =>
  fieldsOf(() => checkIntegration(deps, wanted(settings, more), nowMs));

describe("settings of blob storage", () => {
  it.each([
    [{ ...storage, type: "AZURE_BLOB_STORAGE" }, /settings\.type: AZURE_BLOB_STORAGE is not supported/],
    [{ ...storage, type: "S3_COMPATIBLE" }, /settings\.endpoint: must be given/],
    [{ ...storage, prefix: "a" }, /settings\.prefix/],
    [{ ...storage, prefix: "../a/" }, /settings\.prefix/],
    [{ ...storage, prefix: "/a/" }, /settings\.prefix/],
    [{ ...storage, endpoint: "ftp://host" }, /settings\.endpoint/],
    [{ ...storage, endpoint: "https://user:pass@host" }, /settings\.endpoint/],
    [{ ...storage, kmsKeyId: "key" }, /settings\.kmsKeyId/],
    [{ ...storage, sse: "aws:kms:dsse" }, /settings\.sse/],
    [{ ...storage, exportFieldGroups: ["io"] }, /settings\.exportFieldGroups: must include core/],
    [{ ...storage, columns: { traces: ["id"] }, exportFieldGroups: ["core"] }, /settings\.columns: cannot be combined/],
    [{ ...storage, columns: { traces: ["no_such_column"] } }, /settings\.columns\.traces: has no column no_such_column/],
    [{ ...storage, columns: { scores: ["id"] } }, /settings\.columns\.scores: is not among/],
    [{ ...storage, bucketName: "a/b" }, /settings\.bucketName/],
    [{ ...storage, keyTemplate: "x".repeat(501) }, /settings\.keyTemplate/],
    [{ ...storage, surprise: 1 }, /settings\.surprise: Unknown field/],
  ])("%j are refused by field", (settings, expected) => {
    expect(problems(settings)).toEqual([expect.stringMatching(expected)]);
  });

  it("take what their profile says where they leave it open", () => {
    const options = (settings: object) => storageOptions(BlobStorageSettings.parse({ ...storage, ...settings }));
    expect(options({})).toMatchObject({ region: "us-east-1", forcePathStyle: false, checksum: "crc32", conditionalWrites: false });
    expect(options({ profile: "r2", endpoint: "https://r2" })).toMatchObject({ region: "auto", forcePathStyle: true, checksum: "none" });
    expect(options({ profile: "gcs", endpoint: "https://gcs", conditionalWrites: true, region: "eu" })).toMatchObject({
      region: "eu",
      conditionalWrites: true,
    });
    expect(options({ sse: "aws:kms", kmsKeyId: "k" }).encryption).toEqual({ algorithm: "aws:kms", kmsKeyId: "k" });
  });

  it("report what the address check and the template check say", () => {
    const strict = { ...deps, checkAddress: () => "is private", checkKeyTemplate: () => "lacks {table}" };
    const settings = { ...storage, endpoint: "http://10.0.0.1", keyTemplate: "x" };
    expect(fieldsOf(() => checkIntegration(strict, wanted(settings), nowMs))).toEqual([
      "settings.endpoint: is private",
      "settings.keyTemplate: lacks {table}",
    ]);
  });
});

describe("an integration", () => {
  it.each([
    [{ tables: ["audit_logs"] }, /tables\[0\]/],
    [{ tables: ["traces", "traces"] }, /tables\[1\]/],
    [{ mode: "FROM_CUSTOM_DATE" }, /startDate: must be given/],
    [{ startDate: "2026-11-01T00:00:00Z" }, /startDate: goes only/],
    [{ mode: "FROM_CUSTOM_DATE", startDate: "2026-11-30T00:00:00Z" }, /startDate: must not lie/],
    [{ mode: "FROM_CUSTOM_DATE", startDate: "2026-11-02T00:00:00Z", endsAt: "2026-11-01T00:00:00Z" }, /endsAt/],
    [{ schedule: { frequency: "cron", cron: "* * * * *", timeZone: "UTC" } }, /schedule\.cron/],
  ])("with %j is refused by field", (more, expected) => {
    expect(problems(storage, more)).toEqual([expect.stringMatching(expected)]);
  });

  it("begins where its mode says", () => {
    const start = (more: object) => checkIntegration(deps, wanted(storage, more), nowMs).startsAt?.getTime() ?? null;
    expect(start({})).toBeNull();
    expect(start({ mode: "FROM_TODAY" })).toBe(nowMs);
    expect(start({ mode: "FROM_CUSTOM_DATE", startDate: "2026-11-01T00:00:00+02:00" })).toBe(Date.parse("2026-10-31T22:00:00Z"));
  });

  it("of any kind answers any settings with field errors, and never otherwise", () => {
    fc.assert(
      fc.property(fc.constantFrom(...integrationKinds), fc.dictionary(fc.string(), fc.jsonValue()), (kind, settings) => {
        for (const field of fieldsOf(() => checkIntegration(deps, wanted(settings, { kind }), nowMs)))
          expect(field).toMatch(/^settings|^tables/);
      }),
    );
  });
});

describe("a secret", () => {
  it("keeps stored fields that are left out or blank", () => {
    const stored = { accessKeyId: "AKIA", secretAccessKey: "stored" };
    expect(checkSecret("blob_storage", { accessKeyId: "NEW", secretAccessKey: "" }, stored)).toEqual({
      accessKeyId: "NEW",
      secretAccessKey: "stored",
    });
    expect(fieldsOf(() => checkSecret("blob_storage", { accessKeyId: "AKIA" }))).toEqual([
      expect.stringMatching(/^secret\.secretAccessKey/),
    ]);
  });

  it("of PostHog starts with phc_, and the refusal does not quote it", () => {
    const [problem] = fieldsOf(() => checkSecret("posthog", { projectApiKey: "phx_personal" }));
    expect(problem).toMatch(/^secret\.projectApiKey: .*phc_/);
    expect(problem).not.toContain("phx_personal");
  });

  it("is shown with at most four of its characters, unless a field only identifies", () => {
    fc.assert(
      fc.property(fc.constantFrom(...integrationKinds), fc.string({ minLength: 1 }), (kind, value) => {
        const secret = Object.fromEntries(Object.keys(kindEntry(kind).secret.shape).map((name) => [name, value]));
        for (const [name, shown] of Object.entries(showSecret(kind, secret)))
          expect(shown).toBe(name === "accessKeyId" ? value : value.length < 12 ? "..." : `...${value.slice(-4)}`);
      }),
    );
  });
});
