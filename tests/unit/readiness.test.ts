/** Whether a runner takes work, by what is missing. */
import { describe, expect, it } from "vitest";
import { systemClock } from "../../runner/clock.ts";
import { createReadiness } from "../../runner/readiness.ts";

const none = { postgres: [], clickhouse: [] };
const readinessOf = ({ pending = [none], isClaiming = true }: { pending?: (typeof none | Error)[]; isClaiming?: boolean } = {}) => {
  let asked = 0;
  const readiness = createReadiness({
    clock: systemClock,
    loops: [{ isClaiming: () => true }, { isClaiming: () => isClaiming }],
    listPending: () => {
      const answer = pending[Math.min(asked++, pending.length - 1)] ?? none;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { ...readiness, asked: () => asked };
};

describe("a runner", () => {
  it("is ready once its migrations are there and every loop claims", async () => {
    expect(await readinessOf().check()).toEqual({ status: "ready", checks: { migrations: "ok", loops: "ok" }, pending: none });
    expect(await readinessOf({ isClaiming: false }).check()).toMatchObject({ status: "not ready", checks: { loops: "not claiming" } });
  });

  it("names migrations that are missing, asks again until they are there, and then no more", async () => {
    const missing = { postgres: ["0010_job_causes"], clickhouse: [] as string[] };
    const readiness = readinessOf({ pending: [missing as typeof none, none] });
    expect(await readiness.check()).toEqual({ status: "not ready", checks: { migrations: "pending", loops: "ok" }, pending: missing });
    for (let i = 0; i < 3; i++) expect(await readiness.check()).toMatchObject({ status: "ready" });
    expect(readiness.asked()).toBe(2);
  });

  it("is not ready while an engine does not answer, and shows nothing of the failure", async () => {
    const state = await readinessOf({ pending: [new Error("postgres://user:secret@host")] }).check();
    expect(state).toMatchObject({ status: "not ready", checks: { migrations: "unknown" } });
    expect(JSON.stringify(state)).not.toContain("secret");
  });

  it("is draining from the moment it is asked to stop", async () => {
    const readiness = readinessOf();
    readiness.drain();
    expect(await readiness.check()).toMatchObject({ status: "draining" });
  });
});
