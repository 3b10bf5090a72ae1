import { describe, expect, it } from "vitest";
import { compileSearch } from "../../../core/query/search.ts";
import { events } from "../../../core/query/tables/events.ts";

describe("search", () => {
  it.each([[undefined], [""]])("of %j is no condition", (query) => {
    expect(compileSearch(query, ["id"], events)).toBeUndefined();
  });

  it("without types looks at the ids and names only, never at payloads", () => {
    const search = compileSearch("x", undefined, events);
    expect(search?.readsContent).toBe(false);
    for (const id of ["span_id", "name", "trace_name", "user_id", "session_id", "trace_id"]) expect(search?.sql).toContain(`e.${id})`);
    expect(search?.sql).not.toMatch(/e\.(input|output)/);
  });

  it("by content looks at input and output, by either name at that one", () => {
    expect(compileSearch("x", ["content"], events)?.sql).toMatch(/e\.input.* OR .*e\.output/);
    expect(compileSearch("x", ["input"], events)?.sql).not.toContain("e.output");
    expect(compileSearch("x", ["output"], events)).toMatchObject({ readsContent: true, params: { search: "x" } });
  });

  it("of other than ASCII also looks for the escaped spelling of JSON in payloads, surrogate pairs included", () => {
    expect(compileSearch("a日👩", ["input"], events)?.params).toEqual({ search: "a日👩", searchEscaped: "a\\u65e5\\ud83d\\udc69" });
    expect(compileSearch("aé", ["id"], events)?.params).toEqual({ search: "aé" });
  });

  it.each([
    ["É.", "\\u00e9.", true],
    ["при", "\\u041f\\u0440\\u0438", true],
    ["ΟΔΟΣ", "\\u03bf\\u03b4\\u03bf\\u03c2", true],
    ["𐐀a", "\\ud801\\udc28A", true],
    ["straße", "strasse", false],
    ["é.", "\\u00e9x", false],
    ["é", "\\u00e8", false],
  ])("of %j in either case finds the escaped letters of %j: %j", (query, stored, isFound) => {
    const pattern = String(compileSearch(query, ["input"], events)?.params["searchEscaped"]).replace("(?i)", "");
    expect(new RegExp(pattern, "i").test(stored)).toBe(isFound);
  });

  it("binds the query as it is: wildcards are ordinary characters and need no escape", () => {
    expect(compileSearch("50%_'\\", ["id"], events)?.params).toEqual({ search: "50%_'\\" });
  });
});
