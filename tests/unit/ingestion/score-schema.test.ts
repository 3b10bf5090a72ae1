import { describe, expect, it } from "vitest";
import { targetRule } from "../../../core/ingestion/score-schema.ts";
import { bodyOf, faultOf, sent } from "./arriving.ts";

const score = (fields: object) => ({ name: "s", traceId: "t", value: 1, ...fields });
const fault = (fields: object) => faultOf(sent("score-create", score(fields)));

describe("the value of a score", () => {
  it.each([
    ["NUMERIC", 0.25, 0.25],
    ["CATEGORICAL", "good", "good"],
    ["CATEGORICAL", "", ""],
    ["BOOLEAN", 0, 0],
    ["BOOLEAN", 1, 1],
    ["TEXT", "x".repeat(500), "x".repeat(500)],
    ["CORRECTION", "better text", "better text"],
  ])("of %s may be %j", (dataType, value, expected) => {
    expect(bodyOf("score-create", score({ dataType, value }))).toMatchObject({ dataType, value: expected });
  });

  it.each([
    ["NUMERIC", "1"],
    ["NUMERIC", true],
    ["NUMERIC", null],
    ["NUMERIC", JSON.parse("1e999")],
    ["CATEGORICAL", 1],
    ["BOOLEAN", 2],
    ["BOOLEAN", true],
    ["BOOLEAN", "1"],
    ["TEXT", ""],
    ["TEXT", "x".repeat(501)],
    ["TEXT", 1],
    ["CORRECTION", 1],
    [undefined, undefined],
    [undefined, {}],
  ])("of %s cannot be %j", (dataType, value) => {
    expect(fault({ dataType, value })).toMatch(/^body\.value: must be /);
  });

  it.each([
    [1, "NUMERIC"],
    ["1", "CATEGORICAL"],
  ])("%j without data type is %s", (value, dataType) => {
    for (const absent of [undefined, null])
      expect(bodyOf("score-create", score({ value, dataType: absent }))).toMatchObject({ dataType, value });
  });

  it("of an unknown data type is refused", () => {
    expect(fault({ dataType: "OTHER" })).toMatch(/^body\.dataType: /);
  });
});

describe("the target of a score", () => {
  it.each([
    [{ traceId: "t" }],
    [{ traceId: "t", observationId: "o" }],
    [{ traceId: undefined, sessionId: "s" }],
    [{ traceId: null, datasetRunId: "d", sessionId: "" }],
  ])("may be %j", (target) => {
    expect(bodyOf("score-create", score(target))).toMatchObject({ name: "s" });
  });

  it.each([
    [{ traceId: undefined }],
    [{ traceId: "" }],
    [{ traceId: "t", sessionId: "s" }],
    [{ traceId: "t", datasetRunId: "d" }],
    [{ traceId: null, sessionId: "s", datasetRunId: "d" }],
    [{ traceId: "t", sessionId: "s", datasetRunId: "d" }],
    [{ traceId: null, observationId: "o" }],
    [{ traceId: null, sessionId: "s", observationId: "o" }],
    [{ traceId: null, datasetRunId: "d", observationId: "o" }],
  ])("cannot be %j", (target) => {
    expect(fault(target)).toBe(`body: ${targetRule}`);
  });
});

describe("scores", () => {
  it("come from the API unless they say otherwise", () => {
    expect(bodyOf("score-create", score({}))).toMatchObject({ source: "API" });
    expect(bodyOf("score-create", score({ source: "EVAL" }))).toMatchObject({ source: "EVAL" });
    expect(fault({ source: "OTHER" })).toMatch(/^body\.source: /);
  });

  it("of annotation need a config, which is told to the sender instead of dropping them", () => {
    expect(fault({ source: "ANNOTATION" })).toBe(
      "body.configId: configId is required when source is ANNOTATION (except for CORRECTION scores).",
    );
    expect(bodyOf("score-create", score({ source: "ANNOTATION", configId: "c" }))).toMatchObject({ configId: "c" });
    const correction = { source: "ANNOTATION", dataType: "CORRECTION", value: "x" };
    expect(bodyOf("score-create", score(correction))).toMatchObject({ source: "ANNOTATION" });
  });

  it("that correct are named output, have no config, and are on traces only", () => {
    const correction = { dataType: "CORRECTION", value: "x", configId: "c" };
    expect(bodyOf("score-create", score(correction))).toMatchObject({ name: "output" });
    expect(bodyOf("score-create", score(correction))).not.toHaveProperty("configId");
    for (const target of [{ sessionId: "s" }, { datasetRunId: "d" }])
      expect(fault({ ...correction, traceId: null, ...target })).toMatch(/^body\.dataType: CORRECTION/);
  });

  it.each(["", 5, null, undefined, "a\u0000b", "\u0000", "a\nb", "tab\t", "\u007f", "\u0085", "x".repeat(1001), "x".repeat(140_000)])(
    "cannot be named %.40j",
    (name) => {
      expect(fault({ name })).toMatch(/^body\.name: /);
    },
  );

  it.each(["n", "x".repeat(1000), "'; DROP TABLE scores; --", "__proto__", "😀 Ünïcödé", "{c0:String}", " spaces ", "a/b.c\\d"])(
    "may be named %.40j",
    (name) => {
      expect(bodyOf("score-create", score({ name }))).toMatchObject({ name });
    },
  );

  it("that were stored when other names were taken are read as they are", () => {
    for (const name of ["a\u0000b", "x".repeat(5000)]) expect(bodyOf("score-create", score({ name }), true)).toMatchObject({ name });
  });
});
