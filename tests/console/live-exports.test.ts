/** Exports in the console while nobody works on them: what the list shows of each state, live, and what happens when calls fail. */
import type { Locator, Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { showRunning } from "../../local/show-running.ts";
import { useConsole } from "../support/console.ts";
import { showFailed } from "../support/export-states.ts";

const { whole, openAsOwner } = useConsole({ withRunner: false });

const made = async (name: string): Promise<string> => {
  const body = JSON.stringify({ name, format: "CSV", query: { tableName: "events", filter: [] }, notify: false });
  const { id } = await whole.json<{ id: string }>("batch-exports", { method: "POST", body });
  return id;
};

const rowOf = (page: Page, name: string): Locator => page.getByRole("row").filter({ hasText: name });
const boxOf = (locator: Locator) => locator.boundingBox();

afterEach(async () => {
  const { data } = await whole.json<{ data: { id: string; status: string }[] }>("batch-exports?limit=100");
  await Promise.all(
    data.map(async ({ id, status }) => {
      if (["QUEUED", "PROCESSING"].includes(status)) await whole.call(`batch-exports/${id}/cancel`, { method: "POST" });
      await whole.call(`batch-exports/${id}`, { method: "DELETE" });
    }),
  );
});

describe("the list", () => {
  it("shows the command that makes the first export, and one that is made meanwhile", async () => {
    const page = await openAsOwner();
    await page.getByRole("heading", { name: "No exports yet" }).waitFor();
    expect(await page.getByText("curl -u").textContent()).toContain(`${whole.stack().apiUrl}/api/public/batch-exports`);
    await made("First");
    await page.reload();
    await rowOf(page, "First").getByText("Queued", { exact: true }).waitFor();
  });

  it("follows rows, bytes and time left of a running export, and no row moves", async () => {
    const [id] = [await made("Followed"), await made("Other")];
    const page = await openAsOwner();
    const row = rowOf(page, "Followed");
    await row.getByText("Waiting for a runner").waitFor();
    const boxes = [await boxOf(row), await boxOf(rowOf(page, "Other")), await boxOf(row.getByRole("button"))];
    await showRunning(whole.db(), id, { stage: "planning", rows: 0, rowsTotal: null, bytes: 0 });
    await row.getByText("Counting rows").waitFor();
    await showRunning(whole.db(), id, { stage: "streaming", rows: 100_000, rowsTotal: 9_000_000, bytes: 5_000_000 });
    await row.getByText("100,000").waitFor();
    await showRunning(whole.db(), id, { stage: "streaming", rows: 900_001, rowsTotal: 9_000_000, bytes: 45_000_000 });
    await row.getByText("900,001 of 9,000,000").waitFor();
    await row.getByText(/\d left|left$/).waitFor();
    await row.getByText(/B\/s$/).waitFor();
    expect(await row.getByRole("progressbar").getAttribute("value")).toBe("10");
    expect([await boxOf(row), await boxOf(rowOf(page, "Other")), await boxOf(row.getByRole("button"))]).toEqual(boxes);
  });

  it("cancels the one whose button is pressed, and shows it at once", async () => {
    await made("Kept");
    await made("Given up");
    const page = await openAsOwner();
    await page.getByRole("button", { name: "Cancel Given up" }).click();
    await rowOf(page, "Given up").getByText("Cancelled", { exact: true }).waitFor();
    await rowOf(page, "Kept").getByText("Queued", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Cancelled", exact: true }).click();
    await page.waitForURL(/status=CANCELLED/);
    await rowOf(page, "Kept").waitFor({ state: "detached" });
    await rowOf(page, "Given up").getByRole("button", { name: "Retry" }).click();
    await page.getByRole("heading", { name: "No export here" }).waitFor();
  });

  it("goes from page to page and back, by links that lead to the same page", async () => {
    await Promise.all(Array.from({ length: 27 }, (_, at) => made(`Export ${at}.`)));
    const { data } = await whole.json<{ data: { name: string }[] }>("batch-exports?limit=100");
    const [newest, older, oldest] = [data[0], data[25], data[26]].map((one) => one?.name ?? "");
    const linkTo = (name: string | undefined) => page.getByRole("link", { name: name ?? "", exact: true });
    const page = await openAsOwner();
    await linkTo(newest).waitFor();
    expect(await page.getByRole("row").count()).toBe(26);
    await page.getByRole("button", { name: "Next" }).click();
    await linkTo(oldest).waitFor();
    expect(await page.getByRole("row").count()).toBe(3);
    const second = page.url();
    await page.getByRole("button", { name: "Previous" }).click();
    await linkTo(newest).waitFor();
    expect(new URL(page.url()).searchParams.has("cursor")).toBe(false);
    await page.goto(second);
    await linkTo(older).waitFor();
    await page.getByRole("button", { name: "First page" }).click();
    await linkTo(newest).waitFor();
  });
});

describe("an open export", () => {
  it("follows the stream of its events, and shows why it failed", async () => {
    const id = await made("Streamed");
    const page = await openAsOwner(`/projects/${whole.stack().projectId}/exports/${id}`);
    await page.getByText("Waits for a runner").waitFor();
    await showRunning(whole.db(), id, { stage: "streaming", rows: 5, rowsTotal: 10, bytes: 50 });
    await page.getByText("5 of 10").waitFor();
    await showFailed(whole.db(), id, "ClickHouse did not answer in time.");
    await page.getByText("ClickHouse did not answer in time.").first().waitFor();
    await page.getByText("CLICKHOUSE_UNAVAILABLE").first().waitFor();
    await page.getByRole("button", { name: "Retry" }).waitFor();
  });

  it("that does not exist says so, with the id of the request", async () => {
    const page = await openAsOwner(`/projects/${whole.stack().projectId}/exports/exp_none`, { expectedStatuses: [404] });
    const alert = page.getByRole("alert");
    await alert.getByText("NOT_FOUND").waitFor();
    expect(await alert.textContent()).toMatch(/request req_\w+/);
  });
});

describe("a failed call", () => {
  const problem = (status: number) => ({
    status,
    contentType: "application/problem+json",
    body: JSON.stringify({
      type: "about:blank",
      title: "It broke",
      status,
      detail: "It broke in a test.",
      instance: "/",
      code: "INTERNAL",
      requestId: "req_test",
      help: "Do this.",
      errors: [],
    }),
  });

  it("shows code, request id and what to do, and the rows after another try", async () => {
    await made("There again");
    const page = await openAsOwner(undefined, { expectedStatuses: [500] });
    await rowOf(page, "There again").waitFor();
    await page.route(/batch-exports/, (route) => route.fulfill(problem(500)));
    await page.reload();
    for (const text of ["It broke", "It broke in a test.", "Do this.", "INTERNAL · request req_test"])
      await page.getByText(text, { exact: true }).waitFor();
    await page.unroute(/batch-exports/);
    await page.getByRole("button", { name: "Try again" }).click();
    await rowOf(page, "There again").waitFor();
  });

  it("of a refetch leaves the rows on the page", async () => {
    await made("Stays");
    const page = await openAsOwner(undefined, { expectedStatuses: [500] });
    await rowOf(page, "Stays").waitFor();
    await page.route(/batch-exports/, (route) => route.fulfill(problem(500)));
    await page.getByRole("alert").getByText("It broke in a test.").waitFor();
    await rowOf(page, "Stays").waitFor();
  });
});
