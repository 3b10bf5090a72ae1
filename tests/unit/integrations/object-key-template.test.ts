import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deliveredTableNames } from "../../../core/integrations/storage/delivered-tables.ts";
import {
  deliveredObjectKey,
  hiveTemplate,
  type KeyParts,
  langfuseTemplate,
  manifestKey,
  prefixFaults,
  templateFaults,
  windowStamp,
} from "../../../core/integrations/storage/object-key-template.ts";

const seed = Number(process.env["SEED"] ?? 20261128);
console.log(`object key template seed ${seed}`);

const parts: KeyParts = {
  prefix: "exports/",
  projectId: "prj_1",
  table: "traces",
  window: { start: "2026-01-31T09:00:00.000Z", end: "2026-01-31T10:00:00.000000Z" },
  runId: "irn_1",
  file: null,
  extension: "jsonl.gz",
};

describe("keys", () => {
  it("have Langfuse's layout by default", () => {
    expect(deliveredObjectKey(langfuseTemplate, parts)).toBe("exports/prj_1/traces/2026-01-31T10-00-00.jsonl.gz");
    expect(manifestKey(parts)).toBe("exports/prj_1/manifests/2026-01-31T10-00-00.json");
  });

  it("have partitions of the window's start in the Hive layout", () => {
    expect(deliveredObjectKey(hiveTemplate, parts)).toBe("exports/table=traces/date=2026-01-31/hour=09/prj_1-2026-01-31T10-00-00.jsonl.gz");
    const daily = { start: "2025-12-31T00:00:00Z", end: "2026-01-01T00:00:00Z" };
    expect(deliveredObjectKey(hiveTemplate, { ...parts, window: daily })).toContain("date=2025-12-31/hour=00/");
  });

  it("number the files of a split table, where the template says or before the extension", () => {
    expect(deliveredObjectKey(langfuseTemplate, { ...parts, file: 0 })).toBe("exports/prj_1/traces/2026-01-31T10-00-00-0001.jsonl.gz");
    expect(deliveredObjectKey("{prefix}{table}/{window}/{file}.{ext}", { ...parts, file: 11 })).toBe(
      "exports/traces/2026-01-31T10-00-00/0012.jsonl.gz",
    );
  });

  it("keep what a name says, even if it looks like a placeholder or a replacement", () => {
    expect(deliveredObjectKey(langfuseTemplate, { ...parts, prefix: "{table}$&/", projectId: "{run}" })).toBe(
      "{table}$&/{run}/traces/2026-01-31T10-00-00.jsonl.gz",
    );
  });

  it("show decimals only of an instant between two seconds", () => {
    expect(windowStamp("2026-01-31T10:00:00.000Z")).toBe("2026-01-31T10-00-00");
    expect(windowStamp("2026-01-31T10:00:00.5Z")).toBe("2026-01-31T10-00-00.500000");
    expect(windowStamp("2026-01-31T10:00:00.000001Z")).toBe("2026-01-31T10-00-00.000001");
    expect(() => windowStamp("2026-01-31T10:00:00+01:00")).toThrow("is not an instant in UTC");
  });
});

describe("templates", () => {
  it.each([langfuseTemplate, hiveTemplate])("%s is accepted", (template) => {
    expect(templateFaults(template)).toEqual([]);
  });

  it.each([
    ["{prefix}{table}/{window}.{format}", "unknown placeholder {format}"],
    ["{prefix}{table}/{win{dow}}.{ext}", "brace"],
    ["{prefix}../{table}/{window}.{ext}", "`..`"],
    ["{prefix}./{table}/{window}.{ext}", "`..`"],
    ["/{prefix}{table}/{window}.{ext}", "begin with a slash"],
    ["{prefix}/{table}/{window}.{ext}", "empty folder"],
    ["{prefix}{table}//{window}.{ext}", "empty folder"],
    ["{prefix}{table}/\u0000{window}.{ext}", "control characters"],
    ["{prefix}{table}/\n{window}.{ext}", "control characters"],
    ["{prefix}{table}/*{window}.{ext}", "control characters"],
    ["{table}/{prefix}{window}.{ext}", "{prefix} at its beginning"],
    ["{table}/{window}.{ext}", "begin with {prefix}"],
    ["{prefix}{window}.{ext}", "must have {table}"],
    ["{prefix}{table}/{window}", "must end in .{ext}"],
    ["{prefix}{table}{window}.{ext}", "between {table}"],
    ["{prefix}{table}/{window}{file}.{ext}", "between {table}"],
    ["{prefix}{table}/{yyyy}{MM}{dd}{HH}.{ext}", "must have {window} or {run}"],
    [`{prefix}{table}/{window}${"x".repeat(300)}.{ext}`, "at most 300 characters"],
  ])("%j is refused: %s", (template, reason) => {
    const faults = templateFaults(template);
    expect(faults.map(({ path }) => path)).toContain("keyTemplate");
    expect(faults.map(({ message }) => message).join(" ")).toContain(reason);
  });

  it.each(["a", "/a/", "a//b/", "../", "a/./", "a*/", "a{b}/", "a\u0001/", "a?/", `${"x".repeat(400)}/`])(
    "the prefix %j is refused",
    (prefix) => {
      expect(prefixFaults(prefix)).not.toEqual([]);
    },
  );

  it.each(["", "a/", "exports/2026 (new)/team=a/"])("the prefix %j is accepted", (prefix) => {
    expect(prefixFaults(prefix)).toEqual([]);
  });

  it("that are accepted give different keys to different tables, windows and files", () => {
    const piece = fc.constantFrom(
      ..."{project} {table} {table} {table} {yyyy} {MM} {dd} {HH} {window} {window} {run} {file}".split(" "),
      ..."/ - . _ x 0 0001 -0001 T10-00-00 traces".split(" "),
    );
    const template = fc.array(piece, { minLength: 2, maxLength: 12 }).map((pieces) => `{prefix}${pieces.join("")}.{ext}`);
    const lengths = fc.array(fc.constantFrom(1, 500, 1000, 61_001, 1_200_000, 3_600_000, 86_400_000), { minLength: 1, maxLength: 6 });
    let accepted = 0;
    fc.assert(
      fc.property(template, lengths, fc.boolean(), fc.nat({ max: 100_000 }), (text, windowMs, hasSplit, offset) => {
        if (templateFaults(text).length > 0) return;
        accepted++;
        // Windows of any length, because a manual run ends one early: some begin and end in one second.
        const firstMs = Date.UTC(2026, 0, 1) + offset * 60_000;
        const endsMs = windowMs.map((_, i) => windowMs.slice(0, i + 1).reduce((sum, ms) => sum + ms, firstMs));
        const isoInstants = [firstMs, ...endsMs].map((ms) => new Date(ms).toISOString());
        const keys = deliveredTableNames.flatMap((table) =>
          isoInstants
            .slice(1)
            .flatMap((end, i) =>
              (hasSplit ? [0, 1, 9998, 9999] : [null]).map((file) =>
                deliveredObjectKey(text, { ...parts, table, file, runId: `run_${i}`, window: { start: isoInstants[i] ?? "", end } }),
              ),
            ),
        );
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { seed, numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });
});
