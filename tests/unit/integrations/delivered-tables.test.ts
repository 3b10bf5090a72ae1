import { describe, expect, it } from "vitest";
import {
  chooseDeliveredColumns,
  deletions,
  deliveredTableNames,
  deliveredTables,
  unknownColumns,
} from "../../../core/integrations/storage/delivered-tables.ts";

/** Langfuse's columns, in its order (its blob storage export, read 2026-11). */
const langfuseColumns: Record<string, string> = {
  traces:
    "id timestamp name environment project_id metadata user_id session_id release version public bookmarked tags input output created_at updated_at",
  scores:
    "id timestamp project_id environment trace_id observation_id session_id dataset_run_id name value source comment data_type string_value created_at updated_at",
  observations:
    "id trace_id project_id environment type parent_observation_id start_time end_time name metadata level status_message version input output provided_model_name model_parameters usage_details cost_details completion_start_time prompt_name prompt_version total_cost latency time_to_first_token model_id created_at updated_at prompt_id tool_calls tool_call_names tool_definitions usage_pricing_tier_name",
  events:
    "id trace_id start_time end_time project_id parent_observation_id type name level status_message version environment bookmarked public user_id session_id is_root_observation completion_start_time created_at updated_at input output metadata provided_model_name model_id model_parameters usage_details cost_details total_cost usage_pricing_tier_id usage_pricing_tier_name prompt_id prompt_name prompt_version latency time_to_first_token tool_definitions tool_calls tool_call_names tags release trace_name latency_ms time_to_first_token_ms",
};

describe.each(deliveredTableNames)("%s", (name) => {
  const { table, groups } = deliveredTables[name];

  it("has Langfuse's columns and what a merge needs, in snake_case", () => {
    const columns = Object.keys(table.columns);
    for (const column of (langfuseColumns[name] ?? "id project_id created_at updated_at").split(" ")) expect(columns).toContain(column);
    expect(columns.slice(-2)).toEqual(["_version", "_deleted"]);
    for (const column of columns) expect(column).toMatch(/^[a-z_]+$/);
  });

  it("takes nothing from other tables, which would change without a new version", () => {
    for (const column of Object.values(table.columns)) expect(column.uses).toEqual([]);
    expect(table).toMatchObject({ commentObject: null, scoreLevels: null, relations: {}, filters: {} });
  });

  it("always delivers key, version and deletion", () => {
    const none = chooseDeliveredColumns(deliveredTables[name], { groups: [], columns: [] });
    for (const column of ["id", "project_id", "_version", "_deleted"]) expect(none).toContain(column);
    for (const column of none) expect(groups[column] ?? "core").toBe("core");
  });
});

describe("choice of columns", () => {
  it("is by group and by name", () => {
    const chosen = chooseDeliveredColumns(deliveredTables.events, {
      groups: ["core", "model", "usage"],
      columns: ["model_id", "name", "total_cost"],
    });
    expect(chosen).toEqual([
      "id",
      "trace_id",
      "start_time",
      "end_time",
      "project_id",
      "parent_observation_id",
      "type",
      "model_id",
      "total_cost",
      "_version",
      "_deleted",
    ]);
  });

  it("is everything by default", () => {
    for (const name of deliveredTableNames)
      expect(chooseDeliveredColumns(deliveredTables[name], { groups: null, columns: null })).toEqual(
        Object.keys(deliveredTables[name].table.columns),
      );
  });

  it("finds names that a table does not have", () => {
    expect(unknownColumns(deliveredTables.scores, ["value", "input", "constructor"])).toEqual(["input", "constructor"]);
  });
});

it("deletions name table, project, id and instant", () => {
  expect(Object.keys(deletions.columns)).toEqual(["table_name", "project_id", "id", "_version"]);
});
