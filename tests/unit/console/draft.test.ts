import { describe, expect, it } from "vitest";
import { createBodyOf, type Draft, draftOf, emptyDraft, isSame, updateBodyOf } from "../../../console/src/features/integrations/draft.ts";
import { kindFields } from "../../../console/src/features/integrations/setting-fields.ts";
import type { Integration } from "../../../console/src/generated/types.gen.ts";
import { integrationKinds } from "../../../core/integrations/integration.ts";
import { integrationKindEntries } from "../../../core/integrations/kinds/index.ts";

const updatedAt = "2026-11-01T00:00:00.000Z";
const stored = {
  ...{ kind: "blob_storage", name: "warehouse", mode: "FROM_TODAY", startDate: "2026-11-01T10:11:12.345Z", endsAt: null },
  ...{ schedule: { frequency: "daily", cron: null, timeZone: "Europe/Berlin", jitterSeconds: 3 }, tables: ["traces", "scores"] },
  settings: {
    ...{ type: "S3", bucketName: "b", endpoint: null, region: "auto", forcePathStyle: false, prefix: "p/", fileType: "PARQUET" },
    ...{ compression: "gzip", columns: { traces: ["id", "name"] }, exportFieldGroups: null, keyTemplate: null, targetFileMib: 64 },
    ...{ includeDeletions: true, sse: null, kmsKeyId: null, profile: null, checksum: null, conditionalWrites: false },
  },
  secret: { accessKeyId: "AKIA", secretAccessKey: "...cret" },
} as unknown as Integration;

describe("the draft of an integration", () => {
  it.each(integrationKinds)("has a field for every setting, secret and table of %s", (kind) => {
    const { settings, secret, tables, defaultTables } = integrationKindEntries[kind];
    const names = (fields: readonly { name: string }[]) => fields.map(({ name }) => name).toSorted();
    expect(names(kindFields[kind].settings)).toEqual(Object.keys(settings.shape).toSorted());
    expect(names(kindFields[kind].secret)).toEqual(Object.keys(secret.shape).toSorted());
    expect([kindFields[kind].tables, kindFields[kind].defaultTables]).toEqual([tables, defaultTables]);
  });

  it("that is sent without a change changes nothing, and never sends a secret it was shown", () => {
    const opened = draftOf(stored);
    expect(updateBodyOf(opened, opened, updatedAt)).toEqual({ updatedAt });
    expect(opened.secret).toEqual({});
    expect(JSON.stringify(opened)).not.toContain("...cret");
  });

  it("sends only what was changed, and null for what was emptied", () => {
    const opened = draftOf(stored);
    const draft: Draft = {
      ...opened,
      settings: { ...opened.settings, prefix: "", targetFileMib: "", columns: "traces: id\nscores: id, value", conditionalWrites: "true" },
      secret: { accessKeyId: "", secretAccessKey: "new" },
    };
    expect(updateBodyOf(draft, opened, updatedAt)).toEqual({
      updatedAt,
      settings: { prefix: null, targetFileMib: null, columns: { traces: ["id"], scores: ["id", "value"] }, conditionalWrites: true },
      secret: { secretAccessKey: "new" },
    });
    expect([isSame(draft, opened), isSame({ ...opened, secret: { secretAccessKey: "" } }, opened)]).toEqual([false, true]);
  });

  it.each(integrationKinds)("of a new %s leaves defaults to the API, which accepts the rest", (kind) => {
    const filled: Record<(typeof integrationKinds)[number], Record<string, string>> = {
      blob_storage: { bucketName: "bucket" },
      posthog: { hostName: "https://eu.i.posthog.com" },
      mixpanel: {},
    };
    const empty = emptyDraft(kind);
    const body = createBodyOf({ ...empty, settings: { ...empty.settings, ...filled[kind] } }, false);
    expect(body).toMatchObject({ enabled: false, startDate: null, endsAt: null });
    expect(integrationKindEntries[kind].settings.safeParse(body.settings).success).toBe(true);
  });
});
