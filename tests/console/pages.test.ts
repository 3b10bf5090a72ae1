/** Every page: axe finds nothing, nothing is wider than a small window, and the pictures of docs/console.md are made of it. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertEvents, sampleEvents } from "../../local/sample-data.ts";
import { showRunning } from "../../local/show-running.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { type ShownDeliveries, showDeliveries } from "../support/delivery-states.ts";
import { showFailed } from "../support/export-states.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { type Receiver, startReceiver } from "../support/webhooks.ts";

const { whole, chromium, openAsOwner } = useConsole({ withRunner: true });
const ids: Record<string, string> = {};
let receiver: Receiver;
let shownDeliveries: ShownDeliveries;

beforeAll(async () => {
  const { clickhouseUrl: url, clickhouseDatabase: database, projectId } = whole.stack();
  await insertEvents({ url, database }, sampleEvents({ projectId, events: 500, endMs: Date.now() - 60_000 }));
  for (const name of ["Generations of last week", "Errors of the checkout agent", "Nightly evaluation set"]) {
    const body = { name, format: "JSONL", compression: "gzip", query: { tableName: "events", filter: [] }, notify: false };
    const { id } = await whole.json<{ id: string }>("batch-exports", { method: "POST", body: JSON.stringify(body) });
    ids[name] = id;
  }
  await whole.exported("events", []);
  const statusOf = async (id: string) => (await whole.json<{ status: string }>(`batch-exports/${id}`)).status;
  // Those before it may take longer.
  for (const id of Object.values(ids)) while ((await statusOf(id)) !== "COMPLETED");
  await showRunning(whole.db(), ids["Generations of last week"] ?? "", {
    stage: "streaming",
    rows: 412_345,
    rowsTotal: 1_000_000,
    bytes: 123_456_789,
  });
  await showFailed(whole.db(), ids["Errors of the checkout agent"] ?? "", "ClickHouse did not answer in time.");
  receiver = await startReceiver();
  receiver.answer("/pipeline", ({ body }, response) => {
    const status = body.includes("integration.disabled") ? 503 : 200;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ status: status === 200 ? "queued" : "busy" }));
    return status;
  });
  shownDeliveries = await showDeliveries(whole, receiver);
});
afterAll(() => receiver?.stop());

/** Waits for the text of `shown`, so that no page is looked at before its answer is there. */
type PageCase = { name: string; path: () => string; shown: string | RegExp };
const project = () => `/projects/${whole.stack().projectId}`;
const cases: PageCase[] = [
  { name: "exports", path: () => `${project()}/exports`, shown: "Generations of last week" },
  { name: "no-exports", path: () => `${project()}/exports?status=CANCELLED`, shown: "No export here" },
  { name: "export", path: () => `${project()}/exports/${ids["Nightly evaluation set"]}`, shown: "Timeline" },
  { name: "export-files", path: () => `${project()}/exports/${ids["Nightly evaluation set"]}?tab=files`, shown: "queryHash" },
  { name: "export-load", path: () => `${project()}/exports/${ids["Nightly evaluation set"]}?tab=load`, shown: "DuckDB" },
  {
    name: "export-webhooks",
    path: () => `${project()}/exports/${ids["Nightly evaluation set"]}?tab=deliveries`,
    shown: "No endpoint was told",
  },
  { name: "export-audit", path: () => `${project()}/exports/${ids["Nightly evaluation set"]}?tab=audit`, shown: "create" },
  { name: "export-failed", path: () => `${project()}/exports/${ids["Errors of the checkout agent"]}`, shown: "CLICKHOUSE_UNAVAILABLE" },
  // Of the last 24 hours. One less has a window where an hour has ended meanwhile.
  { name: "integrations", path: () => `${project()}/integrations`, shown: /^(?:23 of 24|22 of 23) delivered, 1 failed$/ },
  { name: "integration", path: () => `${project()}/integrations/${shownDeliveries.warehouse}`, shown: "500 windows" },
  {
    name: "integration-settings",
    path: () => `${project()}/integrations/${shownDeliveries.warehouse}?tab=settings`,
    shown: "acme-warehouse",
  },
  {
    name: "integration-refused",
    path: () => `${project()}/integrations/${shownDeliveries.analytics}?tab=refused`,
    shown: "7 rows on this page",
  },
  { name: "integration-edit", path: () => `${project()}/integrations/${shownDeliveries.warehouse}/edit`, shown: "What and when" },
  { name: "integration-new", path: () => `${project()}/integrations/new?kind=posthog`, shown: "What and when" },
  { name: "webhooks", path: () => `${project()}/webhooks`, shown: "status page" },
  { name: "webhook", path: () => `${project()}/webhooks/${shownDeliveries.endpoint}`, shown: "3 deliveries on this page" },
  {
    name: "webhook-delivery",
    path: () => `${project()}/webhooks/${shownDeliveries.endpoint}?delivery=${shownDeliveries.delivery}`,
    shown: "Body of the answer",
  },
  { name: "account", path: () => `${project()}/account`, shown: "This one" },
];

/** Colors change at once when the theme does: axe would see them on their way. */
const still = { reducedMotion: "reduce" } as const;

/** In both themes; each is looked at in one load of the page. */
const expectNoFaults = async (page: Page, name: string): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFaults(page, colorScheme === "light" ? "all" : "colours"), `${name}, ${colorScheme}`).toEqual([]);
    await keepPicture(page, colorScheme === "light" ? name : `${name}-dark`);
  }
};

describe("axe finds nothing, light and dark, and 200 % zoom needs no scrolling sideways", () => {
  it.each(cases)("on $name", async ({ name, path, shown }) => {
    const page = await openAsOwner(path(), still);
    await page.getByText(shown).first().waitFor();
    await expectNoFaults(page, name);
    // As wide as a window of 1,280 pixels at 200 %.
    await page.setViewportSize({ width: 640, height: 420 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await keepPicture(page, `${name}-narrow`);
  });

  it("in palette, sheet of keys, menus and questions", async () => {
    const page = await openAsOwner(`${project()}/exports/${ids["Nightly evaluation set"]}`, still);
    await page.getByText("Timeline").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await expectNoFaults(page, "palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await expectNoFaults(page, "keys");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor();
    await expectNoFaults(page, "question");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /Change project/ }).click();
    await page.getByRole("menu").waitFor();
    await expectNoFaults(page, "projects");
  });

  it("on the page of signing in", async () => {
    const page = await chromium.open(`${whole.stack().apiUrl}/sign-in`, still);
    await page.getByRole("button", { name: "Send me a link" }).waitFor();
    await expectNoFaults(page, "sign-in");
  });
});

describe("the theme", () => {
  it("that a person chose stays after a reload, whatever the system says", async () => {
    const page = await openAsOwner("/", { ...still, colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: /^Theme/ }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await page.waitForFunction((before) => getComputedStyle(document.body).backgroundColor !== before, light);
    const dark = await background();
    await page.reload();
    expect(await background()).toBe(dark);
  });

  it("moves nothing where the reader wants less motion", async () => {
    const page = await openAsOwner("/", { reducedMotion: "reduce" });
    await page.getByRole("progressbar").first().waitFor();
    expect(await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length)).toBe(0);
  });
});
