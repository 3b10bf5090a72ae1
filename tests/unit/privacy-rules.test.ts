import { describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { selectList } from "../../core/query/formats/file-format.ts";
import { formatNames, formats } from "../../core/query/formats/index.ts";
import { findingsOf, throwOnFindings } from "../../core/query/guard-columns.ts";
import type { PrivacyRule } from "../../core/query/privacy/privacy.ts";

const compile = (privacy: PrivacyRule[], more: object = {}) => compileQuery(ExportQuery.parse({ tableName: "events", privacy, ...more }));
const columnOf = (privacy: PrivacyRule[], id: string) => compile(privacy).selection.select.find((column) => column.id === id);
const faultsOf = (privacy: PrivacyRule[], more: object = {}) => {
  try {
    compile(privacy, more);
  } catch (error) {
    if (error instanceof AppError) return error.fields;
    throw error;
  }
  return [];
};

describe("privacy rules of a request", () => {
  it.each([
    ["input messages", "Write a column"],
    ["nothing.a", "no column"],
    ["name.first", "contains no JSON"],
    ["usageDetails.input", "contains no JSON"],
    ["startTime[*]", "contains no JSON"],
    ["scores.quality", "Scores as columns"],
  ])("%s is refused", (path, message) => {
    expect(faultsOf([{ path, action: "mask" }])).toMatchObject([
      { path: "query.privacy[0].path", message: expect.stringContaining(message) },
    ]);
  });

  it("give the same in any order: of two on one place the stricter counts, and a whole column stands over places inside", () => {
    const rules: PrivacyRule[] = [
      { path: "input.a", action: "hash" },
      { path: "input.a", action: "mask" },
      { path: "output.b", action: "mask" },
      { path: "output", action: "drop" },
      { path: "metadata", action: "mask" },
      { path: "metadata.email", action: "drop" },
    ];
    expect(columnOf(rules, "output")).toBeUndefined();
    expect(columnOf(rules, "metadata")).toMatchObject({ kind: "text", sql: expect.stringContaining("[masked]") });
    expect(columnOf(rules, "input")?.sql).not.toContain("sipHash");
    expect(columnOf(rules.toReversed(), "input")?.sql).toBe(columnOf(rules, "input")?.sql);
  });

  it("reach scores and dotted keys of metadata within nested traces", () => {
    const nested = { tableName: "traces", shape: "trace" };
    const { selection } = compile([{ path: "scores", action: "drop" }], nested);
    expect(selection.select.map(({ id }) => id)).not.toContain("scores");
    expect(selection.warnings).toEqual([]);
    const { params } = compile([{ path: "observations[*].metadata.user.email", action: "mask" }], nested).selection;
    expect(Object.values(params)).toEqual(expect.arrayContaining(["user.email", "email"]));
  });

  it("in the number that is allowed, on one column and with paths of any length, fit one query", () => {
    const wide = Array.from({ length: 100 }, (_, i): PrivacyRule => ({ path: `input.messages[*].k${i}`, action: "hash" }));
    const deep = Array.from({ length: 14 }, (_, i): PrivacyRule => ({ path: `input${`.k${i}[*]`.repeat(8)}`, action: "mask" }));
    for (const rules of [wide, deep])
      for (const format of formatNames) {
        const { select } = compile(rules, { columns: ["id", "input"] }).selection;
        const slice = formats[format].slice(select, { isFirst: true, neutralizeFormulas: true, embedJson: true, embedLevels: 250 });
        const list = selectList({ ...slice, select: throwOnFindings(slice.select, findingsOf(select, format)) });
        // The server reads 256 KiB of SQL unless told otherwise.
        expect(list.sql.length).toBeLessThan(180_000);
      }
    expect(faultsOf([...deep, ...wide.slice(14)])).toMatchObject([
      { path: "query.privacy", message: expect.stringContaining("at most 250") },
    ]);
    expect(faultsOf([{ path: `input${"[*]".repeat(17)}`, action: "mask" }])).toMatchObject([{ path: "query.privacy[0].path" }]);
  });
});
