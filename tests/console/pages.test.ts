/** Every page, light and dark: axe finds nothing, nothing is wider than a small window, and the pictures of docs/console.md are made of it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { showFailed, showRunning } from "../support/export-states.ts";

const { whole, chromium, openAsOwner } = useConsole({ withRunner: true });
const ids: Record<string, string> = {};

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
});

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
    shown: "No webhook endpoint",
  },
  { name: "export-audit", path: () => `${project()}/exports/${ids["Nightly evaluation set"]}?tab=audit`, shown: "create" },
  { name: "export-failed", path: () => `${project()}/exports/${ids["Errors of the checkout agent"]}`, shown: "CLICKHOUSE_UNAVAILABLE" },
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
