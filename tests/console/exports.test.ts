/** Exports in the console while a runner works: download, run again, delete, keys, hostile names. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { visibleLine } from "../../console/src/components/visible-text.ts";
import { insertEvents, sampleEvents } from "../../local/sample-data.ts";
import { useConsole } from "../support/console.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const { whole, openAsOwner } = useConsole();
const eventCount = 300;

type Made = { id: string; result: { rows: number } };

/** Through the API, and waits until it is complete. */
const completed = async (name: string): Promise<Made> => {
  const body = JSON.stringify({ name, format: "JSONL", compression: "gzip", query: { tableName: "events", filter: [] }, notify: false });
  const { id } = await whole.json<{ id: string }>("batch-exports", { method: "POST", body });
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const now = await whole.json<Made & { status: string }>(`batch-exports/${id}`);
    if (now.status === "COMPLETED") return now;
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  throw new Error("the export did not end");
};

beforeAll(async () => {
  const { clickhouseUrl: url, clickhouseDatabase: database, projectId } = whole.stack();
  await insertEvents({ url, database }, sampleEvents({ projectId, events: eventCount, endMs: Date.now() - 60_000 }));
});

describe("a completed export", () => {
  it("is downloaded from the list, and the file has its rows", async () => {
    await completed("Everything");
    const page = await openAsOwner();
    await page.getByText("300 rows").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download Everything" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^Everything\.jsonl\.gz$/);
    const lines = gunzipSync(readFileSync(await download.path()))
      .toString("utf8")
      .trimEnd()
      .split("\n");
    expect(lines.length).toBe(eventCount);
  });

  it("shows its files as the manifest has them, and statements that name them", async () => {
    const { id } = await completed("Shown");
    const { files } = await whole.json<{ files: { name: string; bytes: number; crc32: string }[] }>(`batch-exports/${id}/manifest`);
    const [file] = files;
    const page = await openAsOwner(`/projects/${whole.stack().projectId}/exports/${id}`);
    await page.getByRole("tab", { name: "Files" }).click();
    const row = page.getByRole("row", { name: file?.name ?? "" });
    await row.getByText(file?.crc32 ?? "").waitFor();
    expect(await row.textContent()).toContain(file?.bytes.toLocaleString("en-US"));
    await page.getByRole("tab", { name: "Load" }).click();
    await page.getByText(`read_ndjson('${file?.name}', sample_size = -1)`).waitFor();
    await page.getByRole("tab", { name: "Audit" }).click();
    await page.getByRole("cell", { name: "complete", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("tab")).toBe("audit");
  });

  it("is run again and deleted, after a question, by keys alone", async () => {
    const { id } = await completed("By keys");
    const page = await openAsOwner();
    await page.getByRole("link", { name: "By keys" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "By keys" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    const press = async (name: string) => {
      for (let tabs = 0; tabs < 30; tabs++) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => document.activeElement?.textContent)) === name) return page.keyboard.press("Enter");
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await press("Run again");
    await page.waitForURL((url) => !url.pathname.endsWith(id));
    await page.goBack();
    await page.waitForURL((url) => url.pathname.endsWith(id));
    await page.getByRole("button", { name: "Delete" }).waitFor();
    await press("Delete");
    await page.getByRole("dialog").waitFor();
    await press("Delete");
    await page.getByRole("heading", { level: 1, name: "Exports" }).waitFor();
    expect((await whole.call(`batch-exports/${id}`)).status).toBe(404);
  });
});

describe("a hostile name", () => {
  it("is shown as text, and nothing of it runs", async () => {
    const name = `<img src=x onerror="document.title='run'"> \u202eDER\u202c '"`;
    const { id } = await completed(name);
    const page = await openAsOwner();
    await page.getByRole("link", { name: "<img src=x" }).waitFor();
    await page.goto(`${whole.stack().apiUrl}/projects/${whole.stack().projectId}/exports/${id}`);
    await page.getByRole("heading", { level: 1, name: "<img src=x" }).waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(visibleLine(name));
    expect(await page.locator("main img").count()).toBe(0);
  });
});

it("names of others turn no text around: what is hidden in them is shown", async () => {
  const name = "annual\u202Efdp.exe\u200B";
  const shown = "annual⟨U+202E⟩fdp.exe⟨U+200B⟩";
  const make = (path: string, body: object) => whole.json<{ id: string }>(path, { method: "POST", body: JSON.stringify(body) });
  const { id } = await completed(name);
  await make("api-keys", { scopes: ["traces:read"], note: name });
  const endpoint = await make("webhook-endpoints", { name, url: "https://example.com/hook" });
  await make("models", { modelName: name, matchPattern: "x", pricingTiers: [tier] });
  const { projectId } = whole.stack();
  const paths = ["exports", `exports/${id}`, "api-keys", "webhooks", `webhooks/${endpoint.id}`, "models?owner=own"];
  for (const path of paths) {
    const page = await openAsOwner(`/projects/${projectId}/${path}`);
    await page.getByText(shown).first().waitFor();
    expect([path, /[\u202E\u200B]/.test(`${await page.locator("body").textContent()}${await page.title()}`)]).toEqual([path, false]);
  }
  const page = await openAsOwner(`/projects/${projectId}/audit?resourceType=webhookEndpoint`);
  await page.getByRole("table", { name: "Audit log" }).getByRole("button").first().click();
  await page.getByText(shown).first().waitFor();
});

const tier = { name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: "0.000002" } };
