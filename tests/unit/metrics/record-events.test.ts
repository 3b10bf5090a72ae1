import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import type { JobKind } from "../../../core/jobs/kinds.ts";
import { createBus } from "../../../runner/bus.ts";
import { type MetricDefinition, metricDefinitions } from "../../../runner/metrics/definitions.ts";
import { recordEvents } from "../../../runner/metrics/record-events.ts";

class Reader extends MetricReader {
  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

const start = () => {
  const reader = new Reader();
  const events = createBus((_, event, fields) => {
    throw new Error(`${event} ${JSON.stringify(fields)}`);
  });
  recordEvents(new MeterProvider({ readers: [reader] }).getMeter("test"), events);
  /** `name{attributes}` to the value, or to count and sum of a histogram. */
  const counted = async () => {
    const { resourceMetrics } = await reader.collect();
    return Object.fromEntries(
      resourceMetrics.scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }): [string, unknown] => [
            `${descriptor.name} ${Object.values(attributes).join(" ")}`.trim(),
            typeof value === "number" ? value : [value.count, value.sum],
          ]),
        ),
    );
  };
  return { emit: events.emit, counted };
};

const job = (kind: JobKind) => ({
  id: "job",
  kind,
  projectId: "p",
  payload: {},
  attempt: 1,
  maxAttempts: 2,
  leaseId: "l",
  checkpoint: null,
  ...{ requestId: null, traceparent: null },
});

describe("jobs", () => {
  it("run from the claim until they are settled or lose their lease", async () => {
    const { emit, counted } = start();
    for (let i = 0; i < 3; i++) emit("job.claimed", { job: job("export.run") });
    emit("job.settled", { job: job("export.run"), state: "completed", seconds: 2 });
    emit("job.leaseLost", { job: job("export.run") });
    expect(await counted()).toEqual({
      "spillway.job.claimed export.run": 3,
      "spillway.job.running export.run": 1,
      "spillway.job.settled export.run completed": 1,
      "spillway.job.lost_leases export.run": 1,
      "spillway.job.attempt.duration export.run completed": [1, 2],
    });
  });

  it("that fail are counted by code, and as dead letters after the last attempt only", async () => {
    const { emit, counted } = start();
    const error = new AppError({ code: "S3_UNAVAILABLE" });
    for (const state of ["retryable", "discarded"] as const) {
      emit("job.claimed", { job: job("mail.send") });
      emit("job.settled", { job: job("mail.send"), state, seconds: 1, error });
    }
    expect(await counted()).toMatchObject({
      "spillway.job.running mail.send": 0,
      "spillway.job.failures mail.send S3_UNAVAILABLE": 2,
      "spillway.job.dead_letters mail.send": 1,
      "spillway.job.settled mail.send retryable": 1,
      "spillway.job.settled mail.send discarded": 1,
    });
  });
});

describe("batches", () => {
  it("count their jobs by what became of each", async () => {
    const { emit, counted } = start();
    const kind = "ingestion.merge";
    emit("batch.claimed", { kind, jobs: 6 });
    emit("batch.settled", {
      kind,
      jobs: 6,
      completed: 3,
      released: 1,
      failed: [
        { code: "INTERNAL", isFinal: true },
        { code: "INTERNAL", isFinal: false },
      ],
      seconds: 4,
    });
    emit("batch.claimed", { kind, jobs: 2 });
    emit("batch.leaseLost", { kind, jobs: 2 });
    expect(await counted()).toEqual({
      "spillway.job.claimed ingestion.merge": 8,
      "spillway.job.running ingestion.merge": 0,
      "spillway.job.settled ingestion.merge completed": 3,
      "spillway.job.settled ingestion.merge available": 1,
      "spillway.job.settled ingestion.merge discarded": 1,
      "spillway.job.settled ingestion.merge retryable": 1,
      "spillway.job.failures ingestion.merge INTERNAL": 2,
      "spillway.job.dead_letters ingestion.merge": 1,
      "spillway.job.lost_leases ingestion.merge": 1,
      "spillway.ingestion.batch.duration": [1, 4],
      "spillway.ingestion.batch.size": [1, 6],
    });
  });
});

describe("exports and the sweep", () => {
  it("are counted by outcome; what was never seen is no series", async () => {
    const { emit, counted } = start();
    const what = { table: "traces", format: "JSONL" };
    emit("export.restarted", { ...what, reason: "replay_differs" });
    emit("export.ended", { ...what, outcome: "restarted", reached: { rows: 0, bytes: 0, slices: 0, slicesResumed: 0 }, seconds: 1 });
    emit("export.ended", { ...what, outcome: "completed", reached: { rows: 9, bytes: 90, slices: 3, slicesResumed: 2 }, seconds: 2 });
    emit("sweep.ended", { removed: 0, failed: 2 });
    expect(await counted()).toEqual({
      "spillway.export.restarts traces JSONL replay_differs": 1,
      "spillway.export.rows traces JSONL completed": 9,
      "spillway.export.bytes traces JSONL completed": 90,
      "spillway.export.slices traces JSONL completed": 3,
      "spillway.export.slices_resumed traces JSONL completed": 2,
      "spillway.export.duration traces JSONL restarted": [1, 1],
      "spillway.export.duration traces JSONL completed": [1, 2],
      "spillway.sweep.objects failed": 2,
    });
  });
});

describe("docs/operations.md", () => {
  it("lists every metric, and no other, as it is defined", () => {
    const text = readFileSync(fileURLToPath(new URL("../../../docs/operations.md", import.meta.url)), "utf8");
    const documented = text
      .slice(text.indexOf("## Metrics"))
      .split("\n")
      .filter((line) => /^\| `/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      );
    expect(documented).toEqual(
      Object.values<MetricDefinition>(metricDefinitions).map(({ name, type, unit, attributes, meaning }) => [
        `\`${name}\``,
        type,
        `\`${unit}\``,
        attributes.map((attribute) => `\`${attribute}\``).join(", "),
        meaning,
      ]),
    );
  });
});
