import { expect, it } from "vitest";
import { createFixture } from "../support/fixture.ts";
import { eventRow } from "../support/event-rows.ts";
it("NUL in filter through the whole export", async () => {
  const f = await createFixture();
  await f.insertEvents([eventRow({ project_id: f.projectId, span_id: "a", user_id: "\u0000nul" }), eventRow({ project_id: f.projectId, span_id: "b", metadata_names: ["x", "y"], metadata_values: ["1"] })]);
  const r = f.startRunner();
  const all = await f.finished(await f.requestExport({ format: "JSONL", query: { tableName: "events" } }));
  console.log(await f.readExport(all));
  try {
    const row = await f.finished(await f.requestExport({ format: "JSONL", query: { tableName: "events", filter: [{ type: "string", column: "userId", operator: "=", value: "\u0000nul" }] } }));
    console.log(row.status, await f.readExport(row));
  } catch (e) { console.log("FAILED", e); }
  await r.stop(); await f.stop(); expect(1).toBe(1);
});
