import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { exportArrow } from "../../../core/exports/transitions.ts";
import { batchExportStatuses, batchExportStatusOf, finalStates, jobStates } from "../../../core/jobs/state.ts";
import { outboxConsumers } from "../../../core/outbox/consumers.ts";
import { eventTypes } from "../../../core/outbox/event-types.ts";

const arrows: Record<string, string> = {
  "QUEUED QUEUED": "requeue",
  "QUEUED PROCESSING": "start",
  "QUEUED FAILED": "fail",
  "QUEUED CANCELLED": "cancel",
  "PROCESSING QUEUED": "requeue",
  "PROCESSING PROCESSING": "start",
  "PROCESSING COMPLETED": "complete",
  "PROCESSING FAILED": "fail",
  "PROCESSING CANCELLED": "cancel",
  "FAILED QUEUED": "retry",
  "CANCELLED QUEUED": "retry",
};

describe("the arrows of an export", () => {
  it.each(batchExportStatuses.flatMap((from) => batchExportStatuses.map((to) => [from, to] as const)))("%s to %s", (from, to) => {
    expect(exportArrow(from, to)).toBe(arrows[`${from} ${to}`]);
  });

  it("let an export follow its job from every state that a running job may come to", () => {
    const ends = jobStates.filter((state) => state !== "running" && state !== "scheduled");
    for (const state of ends) expect(exportArrow("PROCESSING", batchExportStatusOf[state])).toBeDefined();
  });

  it("lead out of a final status only to the queue", () => {
    for (const state of finalStates)
      for (const to of batchExportStatuses.filter((status) => status !== "QUEUED"))
        expect(exportArrow(batchExportStatusOf[state], to)).toBeUndefined();
  });
});

describe("event types", () => {
  it("are dotted names that the outbox takes, and consumers name only such", () => {
    for (const type of Object.keys(eventTypes)) expect(type).toMatch(/^[a-z_]+(\.[a-z_]+)+$/);
    for (const { types } of Object.values(outboxConsumers)) for (const type of types) expect(Object.keys(eventTypes)).toContain(type);
  });
});

describe("the status of an export", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const files = ["api", "cli", "db", "runner", "services"].flatMap((wing) =>
    readdirSync(join(root, wing), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${wing}/${file}`),
  );
  it("is written by a transition, and first when the export is inserted", () => {
    const writers = files.filter((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const set = text.match(/update batch_exports\b[^`]*?\bset\b([^`]*?)(?:\bwhere\b|\bfrom\b|`)/g) ?? [];
      return /(?:update|insert)\(batchExports\)[^;]*?\bstatus:/.test(text) || set.some((part) => /\bset\b.*\bstatus\s*=/s.test(part));
    });
    expect(writers.toSorted()).toEqual(["services/exports/insert-export.ts", "services/exports/transition-export.ts"]);
  });
});
