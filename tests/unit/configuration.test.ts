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
    });
    if (parsed.ok) throw new Error("accepted");
    const text = parsed.problems.join("\n");
    for (const name of ["DATABASE_URL", "CLICKHOUSE_URL", "ENCRYPTION_KEY", "SMTP_CONNECTION_URL"]) expect(text).toContain(name);
    expect(text).not.toMatch(/secret/);
  });
});
