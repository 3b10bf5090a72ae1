import { describe, expect, it } from "vitest";
import { endpointItems, exportItems, quotaItems, worstFirst } from "../../../console/src/features/overview/attention-items.ts";
import { lastDays, sumByDay } from "../../../console/src/features/overview/days.ts";

describe("days of a plot", () => {
  it("begin at midnight of the reader's zone, today last", () => {
    const now = new Date(2026, 2, 2, 13, 30).getTime();
    expect(lastDays(now, 3)).toEqual([new Date(2026, 1, 28).getTime(), new Date(2026, 2, 1).getTime(), new Date(2026, 2, 2).getTime()]);
  });

  it("sum the buckets that begin in them, and leave out earlier ones", () => {
    const days = [Date.parse("2026-03-01T00:00:00Z"), Date.parse("2026-03-02T00:00:00Z")];
    const buckets = [
      { at: "2026-02-28T23:45:00.000Z", count: 100 },
      { at: "2026-03-01T00:00:00.000Z", count: 1 },
      { at: "2026-03-01T23:45:00.000Z", count: 2 },
      { at: "2026-03-02T00:00:00.000Z", count: 4 },
    ];
    expect(sumByDay(days, buckets, ({ count }) => count)).toEqual([3, 4]);
  });
});

describe("what needs attention", () => {
  const quota = { name: "exportsPerHour", windowSeconds: 3600, renewsAt: null } as const;

  it("are quotas of which four fifths are used, and none without a limit", () => {
    const quotas = [
      { ...quota, limit: 10, used: 7, left: 3 },
      { ...quota, limit: 10, used: 8, left: 2 },
      { ...quota, limit: 10, used: 12, left: 0 },
      { ...quota, limit: 0, used: 0, left: 0 },
      { ...quota, limit: null, used: 1_000_000, left: null },
    ];
    expect(quotaItems(quotas).map(({ tone }) => tone)).toEqual(["warning", "danger", "danger"]);
  });

  it("is an endpoint that fails or was switched off for it, and none that somebody switched off", () => {
    const fault = { code: "WEBHOOK_REFUSED", message: "It answered 500.", help: "", at: "2026-03-01T00:00:00.000Z" };
    const endpoint = (state: "healthy" | "failing" | "disabled", ofFault: typeof fault | null) =>
      ({ id: state, name: state, state, fault: ofFault }) as Parameters<typeof endpointItems>[0][number];
    const items = endpointItems([
      endpoint("healthy", null),
      endpoint("failing", fault),
      endpoint("disabled", fault),
      endpoint("disabled", null),
    ]);
    expect(items.map(({ title }) => title)).toEqual(["Webhook endpoint failing is failing", "Webhook endpoint disabled is switched off"]);
    expect(worstFirst(items).map(({ tone }) => tone)).toEqual(["danger", "warning"]);
  });

  it("is an export that failed within a day", () => {
    const now = Date.parse("2026-03-02T12:00:00Z");
    const failed = (createdAt: string) =>
      ({ id: createdAt, name: "one", createdAt, error: null }) as Parameters<typeof exportItems>[0][number];
    expect(exportItems([failed("2026-03-02T11:00:00Z"), failed("2026-03-01T11:00:00Z")], now)).toHaveLength(1);
  });
});
