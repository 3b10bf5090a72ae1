/** W3C trace contexts of callers: https://www.w3.org/TR/trace-context/ (the examples are those of its sections 2.2 and 3). */
import { describe, expect, it } from "vitest";
import { traceSettings } from "../../core/telemetry/otlp-env.ts";
import { parseTraceparent } from "../../core/telemetry/parse-traceparent.ts";
import { parseRunnerEnv } from "../../runner/env.ts";
import { RunnerEnv } from "../../runner/env-schema.ts";

const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

describe("a traceparent", () => {
  it.each([
    [`00-${ids}-01`, `00-${ids}-01`],
    [`00-${ids}-00`, `00-${ids}-00`],
    // Of a later version: its further flags and fields are not ours to repeat.
    [`cc-${ids}-ff-what-the-future-brings`, `00-${ids}-01`],
    [` 00-${ids}-01 `, `00-${ids}-01`],
  ])("%s is continued as %s", (header, continued) => {
    expect(parseTraceparent(header)).toBe(continued);
  });

  it.each([
    undefined,
    null,
    "",
    `ff-${ids}-01`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${ids.slice(0, 33)}${"0".repeat(16)}-01`,
    `00-${ids.toUpperCase()}-01`,
    `00-${ids}`,
    `00-${ids}-1`,
    `00-${ids}-01'; drop table jobs`,
  ])("%j is none", (header) => {
    expect(parseTraceparent(header)).toBeNull();
  });
});

describe("traces", () => {
  const settingsOf = (env: Record<string, string>) =>
    traceSettings(RunnerEnv.parse({ DATABASE_URL: "postgres://h/d", CLICKHOUSE_URL: "http://h", ...env }));

  it("are sent nowhere unless an address is named, and not if they are switched off", () => {
    expect(settingsOf({})).toBeNull();
    expect(settingsOf({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://c" })).toBeNull();
    expect(settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c/", OTEL_TRACES_EXPORTER: "none" })).toBeNull();
    expect(
      settingsOf({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://c/",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.25",
      }),
    ).toEqual({
      url: "http://c/v1/traces",
      headers: {},
      sampler: "parentbased_traceidratio",
      ratio: 0.25,
    });
    expect(settingsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t/x" })?.url).toBe("https://t/x");
  });

  it("that are configured wrongly are named by variable", () => {
    const parsed = parseRunnerEnv({
      DATABASE_URL: "postgres://h/d",
      CLICKHOUSE_URL: "http://h",
      OTEL_TRACES_SAMPLER: "jaeger_remote",
      OTEL_TRACES_SAMPLER_ARG: "2",
    });
    expect(parsed).toMatchObject({
      problems: [expect.stringMatching(/^OTEL_TRACES_SAMPLER: /), expect.stringMatching(/^OTEL_TRACES_SAMPLER_ARG: /)],
    });
  });
});
