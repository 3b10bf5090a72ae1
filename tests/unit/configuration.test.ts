import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ApiEnv, parseApiEnv } from "../../api/env.ts";
import { MigrateEnv } from "../../cli/operator/migrate-env.ts";
import { supportedVariables } from "../../core/langfuse-variables.ts";
import { parseRunnerEnv } from "../../runner/env.ts";
import { RunnerEnv } from "../../runner/env-schema.ts";

const example = Object.fromEntries(
  readFileSync(fileURLToPath(new URL("../../.env.example", import.meta.url)), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

describe(".env.example", () => {
  it("names every variable, and no other", () => {
    const read = new Set([...Object.keys(ApiEnv.shape), ...Object.keys(RunnerEnv.shape), ...Object.keys(MigrateEnv.shape)]);
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

describe("variables of Langfuse", () => {
  const runner = (env: Record<string, string>) => parseRunnerEnv({ ...example, ...env });
  const problemsOf = (parsed: { ok: boolean; problems?: string[] }) => parsed.problems ?? [];
  const warningsOf = (env: Record<string, string>) => {
    const parsed = runner(env);
    return parsed.ok ? parsed.config.warnings : parsed.problems;
  };

  it("that are read here are listed as such, and no other", () => {
    const read = [...Object.keys(ApiEnv.shape), ...Object.keys(RunnerEnv.shape)].filter((name) => name.startsWith("LANGFUSE_"));
    expect([...supportedVariables].toSorted()).toEqual([...new Set(read)].toSorted());
  });

  it.each([
    ["LANGFUSE_USE_AZURE_BLOB", "true"],
    ["LANGFUSE_USE_GOOGLE_CLOUD_STORAGE", "true"],
    ["LANGFUSE_GOOGLE_CLOUD_STORAGE_CREDENTIALS", "secret"],
    ["LANGFUSE_INGESTION_MASKING_CALLBACK_URL", "https://secret"],
    ["LANGFUSE_INGESTION_MASKING_CALLBACK_FAIL_CLOSED", "true"],
    ["LANGFUSE_TRACE_DELETE_SKIP_PROJECT_IDS", "secret"],
    ["LANGFUSE_S3_EVENT_UPLOAD_ENABLED", "false"],
  ])("%s=%s changes what is safe or kept: neither starts, and both name it", (name, value) => {
    for (const parsed of [runner({ [name]: value }), parseApiEnv({ ...example, [name]: value })]) {
      expect(problemsOf(parsed)).toEqual([expect.stringMatching(new RegExp(`^${name}: .{10,}`))]);
      expect(problemsOf(parsed).join("")).not.toContain("secret");
    }
  });

  it("that ask for nothing are no problem", () => {
    for (const name of ["LANGFUSE_USE_AZURE_BLOB", "LANGFUSE_USE_GOOGLE_CLOUD_STORAGE"])
      expect(warningsOf({ [name]: "false" })).toEqual([]);
    expect(warningsOf({ LANGFUSE_INGESTION_MASKING_CALLBACK_URL: "" })).toEqual([]);
  });

  it("without effect and unknown ones are warned of, those of the SDKs are not", () => {
    expect(warningsOf({ LANGFUSE_LOG_LEVEL: "debug" })).toEqual(["LANGFUSE_LOG_LEVEL: has no effect here"]);
    expect(warningsOf({ LANGFUSE_S3_MEDIA_UPLOAD_BUCKET: "m" })).toEqual(["LANGFUSE_S3_MEDIA_UPLOAD_BUCKET: has no effect here"]);
    expect(warningsOf({ LANGFUSE_S3_BATCH_EXPORT_SEE: "aws:kms" })).toEqual([
      "LANGFUSE_S3_BATCH_EXPORT_SEE: unknown; did you mean LANGFUSE_S3_BATCH_EXPORT_SSE?",
    ]);
    expect(warningsOf({ LANGFUSE_NOBODY_KNOWS_THIS_ONE: "1" })).toEqual(["LANGFUSE_NOBODY_KNOWS_THIS_ONE: unknown"]);
    expect(warningsOf({ LANGFUSE_PUBLIC_KEY: "pk", LANGFUSE_HOST: "h" })).toEqual([]);
    expect(parseApiEnv({ ...example, LANGFUSE_LOG_LEVEL: "debug" })).toMatchObject({
      warnings: ["LANGFUSE_LOG_LEVEL: has no effect here"],
    });
  });
});

describe("a store", () => {
  const encrypted = {
    LANGFUSE_S3_BATCH_EXPORT_SSE: "aws:kms",
    LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID: "arn:aws:kms:eu-central-1:1:key/abc",
  };
  const keyless = { LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: "", LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: "" };
  const parsedWith = (env: Record<string, string>) => {
    const parsed = parseRunnerEnv({ ...example, ...env });
    return parsed.ok ? parsed.config : parsed.problems;
  };

  it("is encrypted as Langfuse's variables say", () => {
    const kms = { algorithm: "aws:kms", kmsKeyId: "arn:aws:kms:eu-central-1:1:key/abc" };
    expect(parsedWith(encrypted)).toMatchObject({ s3: { encryption: kms } });
    expect(parsedWith({})).toMatchObject({ s3: { encryption: null } });
    const events = {
      LANGFUSE_S3_EVENT_UPLOAD_BUCKET: "b",
      LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: "k",
      LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: "s",
      LANGFUSE_S3_EVENT_UPLOAD_SSE: "AES256",
    };
    expect(parsedWith(events)).toMatchObject({ events: { s3: { encryption: { algorithm: "AES256", kmsKeyId: null } } } });
  });

  it.each([
    [{ LANGFUSE_S3_BATCH_EXPORT_SSE: "aes" }, "LANGFUSE_S3_BATCH_EXPORT_SSE"],
    [{ ...encrypted, LANGFUSE_S3_BATCH_EXPORT_SSE: "AES256" }, "LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID"],
    [{ LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: "" }, "LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID"],
    [{ ...keyless, LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN: "t" }, "LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN"],
    [{ ...keyless, LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: "https://minio.example" }, "LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID"],
  ])("that is half configured is refused: %j", (env, name) => {
    expect(parsedWith(env)).toContainEqual(expect.stringMatching(new RegExp(`^${name}: `)));
  });

  it("of AWS without keys takes those of the role in the runner, and is refused by the Worker, which has none", () => {
    expect(parsedWith(keyless)).toMatchObject({ warnings: [expect.stringContaining("role of the environment")] });
    expect(parseApiEnv({ ...example, ...keyless })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining("ACCESS_KEY_ID"), expect.any(String)],
    });
    const irsa = {
      ...keyless,
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: "https://ceph.example",
      AWS_WEB_IDENTITY_TOKEN_FILE: "/t",
      AWS_ROLE_ARN: "r",
    };
    expect(parsedWith(irsa)).toMatchObject({ aws: { AWS_ROLE_ARN: "r" } });
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
