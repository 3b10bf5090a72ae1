import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ApiEnv, parseApiEnv } from "../../api/env.ts";
import { parseRunnerEnv, RunnerEnv } from "../../runner/env.ts";

const example = Object.fromEntries(
  readFileSync(fileURLToPath(new URL("../../.env.example", import.meta.url)), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

describe(".env.example", () => {
  it("names every variable, and no other", () => {
    const read = new Set([...Object.keys(ApiEnv.shape), ...Object.keys(RunnerEnv.shape)]);
    expect(Object.keys(example).toSorted()).toEqual([...read].toSorted());
  });

  it("is a configuration both accept", () => {
    expect(parseRunnerEnv(example)).toMatchObject({ ok: true });
    expect(parseApiEnv(example)).toMatchObject({ ok: true });
  });

  it("shows the defaults", () => {
    const needed = Object.fromEntries(Object.entries(example).filter(([name]) => /DATABASE_URL|CLICKHOUSE_URL|S3_BATCH_EXPORT/.test(name)));
    const [shown, made] = [parseRunnerEnv(example), parseRunnerEnv(needed)];
    expect(shown).toEqual(made);
  });
});

describe("a bad configuration", () => {
  it("is reported all at once, by name and never by value", () => {
    const parsed = parseRunnerEnv({
      DATABASE_URL: "",
      CLICKHOUSE_URL: "secret-value",
      ENCRYPTION_KEY: "short-secret",
      SMTP_CONNECTION_URL: "http://x",
      SPILLWAY_METRICS_PORT: "70000",
      OTEL_EXPORTER_OTLP_ENDPOINT: "grpc://secret",
      OTEL_METRIC_EXPORT_INTERVAL: "often",
    });
    if (parsed.ok) throw new Error("accepted");
    const text = parsed.problems.join("\n");
    const names = ["DATABASE_URL", "CLICKHOUSE_URL", "ENCRYPTION_KEY", "SMTP_CONNECTION_URL"];
    for (const name of [...names, "SPILLWAY_METRICS_PORT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_METRIC_EXPORT_INTERVAL"])
      expect(text).toContain(name);
    expect(text).not.toMatch(/secret|70000|often/);
  });

  it.each([
    ["LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES", "yes"],
    ["LANGFUSE_EXPERIMENT_SAMPLING_RATE", "1.5"],
    ["LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT", "1"],
    ["LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM", "TRUE"],
    ["LANGFUSE_EXPERIMENT_WHITELISTED_AMT_TABLES", "traces_all_amt,traces"],
  ])("of the API names %s when it is %j", (name, value) => {
    const parsed = parseApiEnv({ ...example, [name]: value });
    if (parsed.ok) throw new Error("accepted");
    expect(parsed.problems).toEqual([expect.stringMatching(new RegExp(`^${name}.*: .{8,}`))]);
  });

  it("names the headers of OTLP that are none by their place", () => {
    const parsed = parseRunnerEnv({ ...example, OTEL_EXPORTER_OTLP_HEADERS: "a=1,secret" });
    expect(parsed).toEqual({ ok: false, problems: ["OTEL_EXPORTER_OTLP_HEADERS: entry 2 is not name=value, percent-encoded"] });
  });
});

describe("places for metrics", () => {
  it("are none by default, and what is named", () => {
    const metricsOf = (env: Record<string, string>) => {
      const parsed = parseRunnerEnv({ ...example, ...env });
      return parsed.ok ? parsed.config.metrics : parsed.problems;
    };
    expect(metricsOf({})).toEqual({ prometheus: null, otlp: null });
    expect(metricsOf({ SPILLWAY_METRICS_PORT: "9464" })).toEqual({ prometheus: { host: "127.0.0.1", port: 9464 }, otlp: null });
    expect(metricsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/otlp/" })).toMatchObject({ otlp: { url: "https://c/otlp/v1/metrics" } });
    expect(metricsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c", OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://m/x" })).toMatchObject({
      otlp: { url: "https://m/x" },
    });
  });
});
