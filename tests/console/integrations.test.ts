/** Integrations in the console, against the local store and a PostHog: making, testing, delivering, refused rows, and what a draft keeps. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { SinkServer } from "../../local/analytics/sink-server.ts";
import { type PostHogStored, startPostHogServer } from "../../local/posthog/posthog-server.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { insertWindows, showDelivered } from "../support/delivery-states.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";

const { whole, people, openAs, openAsOwner } = useConsole();
const unique = uniqueIds();
const event = eventWith(unique);
/** Far from now, so that no window ends by its schedule while a test runs. */
const farCron = `0 ${(new Date().getUTCHours() + 12) % 24} * * *`;
const pages = (path = "") => `/projects/${whole.stack().projectId}/integrations${path}`;

let posthog: SinkServer<PostHogStored>;
/** What PostHog says of events that it does not take. */
let refusal: string | null = null;
const token = "phc_console";
beforeAll(async () => {
  posthog = await startPostHogServer({
    projectToken: token,
    resultOf: () => (refusal === null ? undefined : { result: "drop", details: refusal }),
  });
  await whole.accepted([
    event("trace-create", { id: unique("trace"), name: "first" }),
    event("trace-create", { id: unique("trace"), name: "second" }),
  ]);
  await whole.settled();
});
afterAll(() => posthog.stop());

const bucket = (): string => {
  const name = `console-${randomUUID().slice(0, 8)}`;
  mkdirSync(join(inject("s3").dataDir, name), { recursive: true });
  return name;
};
const objectsIn = (name: string): string[] =>
  readdirSync(join(inject("s3").dataDir, name), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".parquet._S3rver_object"),
  );

const bodyOf = (name: string, bucketName: string) => ({
  ...{ kind: "blob_storage", name, enabled: false, schedule: { frequency: "hourly" } },
  settings: {
    ...{ type: "S3_COMPATIBLE", bucketName, endpoint: inject("s3").endpoint, region: inject("s3").region },
    ...{ prefix: `${randomUUID()}/`, checksum: "none" },
  },
  secret: { accessKeyId: inject("s3").accessKeyId, secretAccessKey: inject("s3").secretAccessKey },
});
type Made = { id: string; name: string; updatedAt: string; enabled: boolean };
const made = (body: object): Promise<Made> => whole.json<Made>("integrations", { method: "POST", body: JSON.stringify(body) });
const stepOf = (page: Page, name: string) => page.locator(`[data-step="${name}"]`);
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

describe("an integration", () => {
  it("is made, fails its test by a wrong secret with the store's reason, passes with the right one, and its windows arrive", async () => {
    const { endpoint, region, accessKeyId, secretAccessKey } = inject("s3");
    const name = bucket();
    const page = await openAsOwner(pages(), { expectedStatuses: [400] });
    await page.getByRole("heading", { name: "No integrations yet" }).waitFor();
    expect(await page.getByText("curl -u").textContent()).toContain(`${whole.stack().apiUrl}/api/public/integrations`);
    await page.keyboard.press("n");
    await field(page, "Name").fill("warehouse");
    await field(page, "Schedule").selectOption("cron");
    await field(page, "Cron").fill(farCron);
    await field(page, "Time zone").fill("UTC");
    await field(page, "Store").selectOption("S3_COMPATIBLE");
    await field(page, "Bucket").fill(name);
    await field(page, "Region").fill(region);
    await field(page, "Prefix").fill("console");
    await field(page, "Access key id").fill(accessKeyId);
    await field(page, "Secret access key").fill("planted-wrong-secret");
    await page.getByText("Advanced").click();
    await field(page, "Checksum header").selectOption("none");
    await page.getByRole("button", { name: "Save and test" }).click();
    // Each beside its field; what was typed stays.
    await page.getByText("Must be empty or end with /, and not begin with /.").waitFor();
    await field(page, "Prefix").fill("console/");
    await field(page, "Endpoint").fill(endpoint);
    await page.getByRole("button", { name: "Save and test" }).click();
    await page.waitForURL(/\/edit$/);
    const test = page.getByRole("region", { name: "Test" });
    await test.getByText("Failed", { exact: true }).waitFor();
    await stepOf(page, "write").getByText("S3_ACCESS_DENIED").waitFor();
    expect(await stepOf(page, "write").textContent()).toContain("SignatureDoesNotMatch");
    expect(await stepOf(page, "delete").textContent()).toContain("skipped");
    expect(await test.getByRole("button", { name: "Start deliveries" }).count()).toBe(0);
    expect(await axeFaults(page)).toEqual([]);

    expect(await field(page, "Secret access key").inputValue()).toBe("");
    await field(page, "Secret access key").fill(secretAccessKey);
    await page.getByRole("button", { name: "Save and test" }).click();
    await test.getByText("Passed", { exact: true }).waitFor();
    for (const step of ["write", "read", "list", "delete"]) expect(await stepOf(page, step).getAttribute("class")).toContain("test-passed");
    expect(await page.content()).not.toContain("planted-wrong-secret");

    await test.getByRole("button", { name: "Start deliveries" }).click();
    await page.getByRole("button", { name: "Run now" }).click();
    const row = page.getByRole("table", { name: "Runs" }).getByRole("row").nth(1);
    await row.getByText("Delivered", { exact: true }).waitFor();
    await page
      .getByRole("listbox", { name: "Windows, oldest first" })
      .getByRole("option", { name: /Delivered · 2 rows/ })
      .waitFor();
    await row.getByRole("button").click();
    await page
      .getByRole("table", { name: "Tables of the run" })
      .getByRole("row", { name: /traces 2/ })
      .waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(objectsIn(name).filter((path) => path.includes("traces"))).toHaveLength(1);
    await page.getByText("Everything written before").waitFor();
  });

  it("is paused, resumed, delivered again for a range, and deleted after a question", async () => {
    const { id } = await made(bodyOf("by hand", bucket()));
    const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    await insertWindows(whole.db(), id, { count: 30, minutes: 60, endMs });
    await showDelivered(whole.db(), id, endMs);
    const page = await openAsOwner(pages(`/${id}`));
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Deliver a range again…" }).click();
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Deliver again" }).click();
    // Of the last 24 hours. One less has a window where an hour has ended meanwhile.
    const said = await page.getByText(/^2[34] windows to be delivered again, 0 windows new\.$/).textContent();
    await page.getByRole("link", { name: "To deliver again" }).click();
    await page.getByText(`${said?.slice(0, 2)} windows on this page`).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Integrations" }).waitFor();
    expect((await whole.call(`integrations/${id}`)).status).toBe(404);
  });

  it("shows the rows that its sink has refused with the reason, and delivers them again", async () => {
    refusal = "distinct_id is not allowed here";
    const { id } = await made({
      ...{ kind: "posthog", name: "analytics", schedule: { frequency: "cron", cron: farCron, timeZone: "UTC" }, tables: ["traces"] },
      ...{ settings: { hostName: posthog.url }, secret: { projectApiKey: token } },
    });
    const page = await openAsOwner(pages(`/${id}`));
    await page.getByRole("button", { name: "Run now" }).click();
    await page.getByRole("tab", { name: "Refused rows (2)" }).click();
    await page.getByText("distinct_id is not allowed here").first().waitFor();
    refusal = null;
    await page.getByRole("button", { name: "Deliver again" }).click();
    await page.getByRole("heading", { name: "No row is refused" }).waitFor();
    await page.getByRole("link", { name: "All", exact: true }).click();
    await page.getByText("Accepted", { exact: true }).first().waitFor();
    expect(posthog.events()).toHaveLength(2);
  });
});

describe("a draft", () => {
  it("is what somebody has typed, whatever polling brings, and asks before it is lost", async () => {
    const one = await made(bodyOf("draft", bucket()));
    const page = await openAsOwner(pages(`/${one.id}/edit`), { expectedStatuses: [409] });
    await field(page, "Name").fill("typed here");
    await field(page, "Schedule").selectOption("cron");
    await field(page, "Cron").fill("15 3 * * *");
    await field(page, "Time zone").fill("Asia/Kolkata");
    await page.getByRole("list", { name: "Next times" }).getByText("03:15").first().waitFor();
    await whole.json(`integrations/${one.id}`, { method: "PATCH", body: JSON.stringify({ name: "changed elsewhere" }) });
    await page.getByText("The integration was changed meanwhile").waitFor();
    expect([await field(page, "Name").inputValue(), await field(page, "Cron").inputValue()]).toEqual(["typed here", "15 3 * * *"]);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page
      .getByRole("alert")
      .getByText(/changed/)
      .waitFor();
    await page.getByRole("link", { name: "changed elsewhere" }).click();
    await page.getByRole("dialog", { name: "Discard what you have typed?" }).getByRole("button", { name: "Keep it" }).click();
    expect(await field(page, "Name").inputValue()).toBe("typed here");
    await page.getByRole("button", { name: "Discard my draft and show the present settings" }).click();
    expect(await field(page, "Name").inputValue()).toBe("changed elsewhere");
    await field(page, "Time zone").fill("Asia/Kolkata");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    expect(await whole.json(`integrations/${one.id}`)).toMatchObject({
      name: "changed elsewhere",
      schedule: { timeZone: "Asia/Kolkata" },
      mode: "FULL_HISTORY",
    });
  });

  it("keeps what is typed while it is being saved", async () => {
    const one = await made(bodyOf("slow", bucket()));
    const page = await openAsOwner(pages(`/${one.id}/edit`));
    const { promise: typed, resolve: answer } = Promise.withResolvers<void>();
    await page.route(`**/integrations/${one.id}`, async (request) => {
      if (request.request().method() === "PATCH") await typed;
      await request.fallback();
    });
    await field(page, "Name").fill("saved");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await field(page, "Name").fill("typed meanwhile");
    answer();
    await page.getByText("Saved.").waitFor();
    expect(await field(page, "Name").inputValue()).toBe("typed meanwhile");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { name: "Edit typed meanwhile" }).waitFor();
    expect(await whole.json(`integrations/${one.id}`)).toMatchObject({ name: "typed meanwhile" });
  });
});

describe("the strip of windows", () => {
  it("has a cell for each of a few, bundles 1,000, is moved through by keys, and narrows the list below", async () => {
    const { id } = await made(bodyOf("long", bucket()));
    const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    await insertWindows(whole.db(), id, { count: 1000, minutes: 20, endMs, failedEvery: 400 });
    const page = await openAsOwner(pages(`/${id}`));
    const strip = page.getByRole("listbox", { name: "Windows, oldest first" });
    await page.getByText("1,000 windows, 7 in each cell").waitFor();
    expect(await strip.getByRole("option").count()).toBe(Math.ceil(1000 / 7));
    // The newest cell holds 1000 - 142 * 7 windows, of which one has failed.
    await strip.focus();
    await page.keyboard.press("End");
    await page.getByText(/6 windows: 1 failed, 5 delivered/).waitFor();
    const active = await strip.getAttribute("aria-activedescendant");
    expect(await page.locator(`[id="${active}"]`).getAttribute("aria-label")).toMatch(/1 failed, 5 delivered/);
    await page.keyboard.press("Enter");
    await page.getByText("6 windows on this page").waitFor();
    expect(new URL(page.url()).searchParams.get("to")).toBe(new Date(endMs).toISOString());
    await page.getByRole("link", { name: "Failed", exact: true }).click();
    await page.getByText("1 window", { exact: true }).waitFor();
    const row = page.getByRole("table", { name: "Runs" }).getByRole("row").nth(1);
    await row.getByRole("button").press("Enter");
    await page.getByText("SlowDown: Reduce your request rate.").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByText("3 windows on this page").waitFor();
  });
});

describe("without the right", () => {
  it.each(["VIEWER", "MEMBER"] as const)("a %s is offered no page and no action that the API would refuse", async (role) => {
    const team = await people.newTeam("readers");
    for (const path of ["/integrations", "/integrations/new", "/integrations/int_1", "/integrations/int_1/edit"]) {
      const page = await openAs(team, role, `/projects/${team.projectId}${path}`, { expectedStatuses: [403] });
      await page.getByRole("heading", { name: "You have no right to see this" }).waitFor();
      expect(await page.getByRole("link", { name: /^(New|Edit)/ }).count()).toBe(0);
      expect(await page.getByRole("main").getByRole("button").count()).toBe(0);
      expect(await page.getByRole("navigation", { name: "Pages" }).getByText("Integrations").count()).toBe(0);
    }
  });
});
