import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integrationMail, integrationMailEvents } from "../../../core/integrations/mail-text.ts";
import { integrationStatus, type StatusFacts } from "../../../core/integrations/status.ts";

const nowMs = Date.parse("2026-11-28T12:00:00Z");
const ago = (seconds: number) => new Date(nowMs - seconds * 1000);
const facts: StatusFacts = {
  enabled: true,
  disabledCode: null,
  lastError: null,
  failures: 0,
  cursor: ago(1800),
  nextRunAt: ago(-1800),
  lastRunAt: ago(1700),
  endsAt: null,
  overdueAt: null,
  runs: { running: 0, queued: 0, pending: 0, failed: 0 },
  openRejections: 0,
};
const fault = { code: "S3_ACCESS_DENIED", message: "denied", at: "2026-11-28T11:00:00.000Z" };

describe("the status", () => {
  it.each([
    ["up_to_date", {}, "Everything written before 2026-11-28 11:30 UTC is delivered. Next look: 2026-11-28 12:30 UTC."],
    ["idle", { lastRunAt: null, cursor: null }, "No window has been delivered yet. Next look: 2026-11-28 12:30 UTC."],
    ["queued", { nextRunAt: ago(0) }, "A window waits for its turn. Everything written before 2026-11-28 11:30 UTC is delivered."],
    ["queued", { runs: { ...facts.runs, pending: 1 } }, expect.stringMatching(/waits/)],
    ["running", { runs: { ...facts.runs, running: 1, queued: 1 } }, expect.stringMatching(/being delivered/)],
    [
      "error",
      { lastError: fault, failures: 3, runs: { ...facts.runs, running: 1 } },
      expect.stringMatching(/failed, 3 in turn: denied\. It is tried again/),
    ],
    [
      "disabled",
      { enabled: false, lastError: fault, disabledCode: "S3_ACCESS_DENIED" },
      expect.stringMatching(/^Switched off after S3_ACCESS_DENIED: denied\./),
    ],
    ["disabled", { enabled: false }, expect.stringMatching(/^Paused\./)],
  ])("is %s for %j", (syncStatus, more, sentence) => {
    expect(integrationStatus({ ...facts, ...more }, nowMs)).toEqual({
      syncStatus,
      sentence,
      lagSeconds: "cursor" in more ? null : 1800,
    });
  });

  it("says what else there is to know", () => {
    const more = { overdueAt: ago(60), openRejections: 4, runs: { ...facts.runs, failed: 2 }, endsAt: ago(1800) };
    expect(integrationStatus({ ...facts, ...more }, nowMs).sentence).toMatch(
      /overdue since.* 2 of its windows.* 4 rows were refused.* end date/,
    );
  });
});

describe("a mail about an integration", () => {
  it("escapes names, keeps its subject on one line, and links nothing without an address", () => {
    fc.assert(
      fc.property(fc.constantFrom(...integrationMailEvents), fc.string(), fc.string(), fc.boolean(), (event, name, message, hasUrl) => {
        const publicUrl = hasUrl ? "https://spillway.example.com" : null;
        const mail = integrationMail({
          ...{ event, name: `<b>${name}`, projectName: `<i>${name}`, userName: `<u>${name}`, integrationId: "int_1", publicUrl },
          ...{ error: { code: "S3_ACCESS_DENIED", message: `<s>${message}` }, deliveredThrough: "2026-11-28T11:30:00Z" },
        });
        expect(mail.subject).not.toMatch(/[\r\n]/);
        expect(mail.html).not.toMatch(/<[bius]>/);
        expect(mail.html.includes("<a href")).toBe(hasUrl);
        expect(mail.text).toContain("/api/public/integrations/int_1");
        expect(mail.text).toContain("Check the access key");
      }),
    );
  });
});
