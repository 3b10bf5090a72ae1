/** Every page, light and dark: axe finds nothing, nothing is wider than a small window, and the pictures of docs/console.md are made of it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { type ShownDeliveries, showDeliveries } from "../support/delivery-states.ts";
import { showFailed, showRunning } from "../support/export-states.ts";
import { type Receiver, startReceiver } from "../support/webhooks.ts";

const { whole, chromium, openAsOwner } = useConsole({ withRunner: true });
const ids: Record<string, string> = {};
let receiver: Receiver;
let shownDeliveries: ShownDeliveries;

beforeAll(async () => {
  await whole.exported("events", []);
  for (const name of ["Generations of last week", "Errors of the checkout agent", "Nightly evaluation set"]) {
    const body = { name, format: "JSONL", compression: "gzip", query: { tableName: "events", filter: [] }, notify: false };
    const { id } = await whole.json<{ id: string }>("batch-exports", { method: "POST", body: JSON.stringify(body) });
    ids[name] = id;
  }
  await whole.exported("scores", []);
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
type PageCase = { name: string; path: () => string; shown: string };
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
  { name: "integrations", path: () => `${project()}/integrations`, shown: "23 of 24 delivered, 1 failed" },
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

const pictures = process.env["SPILLWAY_SCREENSHOTS"];
const picture = (name: string): { path: string } | undefined => {
  if (!pictures) return undefined;
  mkdirSync(pictures, { recursive: true });
  return { path: join(pictures, `${name}.png`) };
};

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  it.each(cases)("axe finds nothing on $name", async ({ name, path, shown }) => {
    const page = await openAsOwner(path(), { colorScheme });
    await page.getByText(shown).first().waitFor();
    expect(await axeFaults(page)).toEqual([]);
    const to = picture(colorScheme === "light" ? name : `${name}-dark`);
    if (to !== undefined) await page.screenshot(to);
  });

  it("axe finds nothing on the pages of signing in, in the palette, and on the sheet of keys", async () => {
    const page = await openAsOwner(`${project()}/exports`, { colorScheme });
    await page.getByRole("table").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    const signIn = await chromium.open(`${whole.stack().apiUrl}/sign-in`, { colorScheme });
    await signIn.getByRole("button", { name: "Send me a link" }).waitFor();
    expect(await axeFaults(signIn)).toEqual([]);
  });
});

describe("in a window of 640 pixels, as at 200 % zoom", () => {
  it.each(cases)("$name is read without scrolling sideways", async ({ path, shown }) => {
    const page = await openAsOwner(path(), { viewport: { width: 640, height: 420 } });
    await page.getByText(shown).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });
});
