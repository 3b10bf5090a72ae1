/** Webhooks in the console, against a receiver on loopback: an endpoint and its secret, deliveries with their answers, sending again. */

import type { Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type Received, type Receiver, startReceiver } from "../support/webhooks.ts";

const { whole, people, openAs, openAsOwner } = useConsole();
const pages = (path = "") => `/projects/${whole.stack().projectId}/webhooks${path}`;

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());

type Endpoint = { id: string; name: string; publicKey: string | null };
const made = (path: string, more: object = {}): Promise<Endpoint> =>
  whole.json<Endpoint>("webhook-endpoints", {
    method: "POST",
    body: JSON.stringify({ name: path.slice(1), url: receiver.url(path), eventTypes: ["export.cancelled"], ...more }),
  });
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
const requestsTo = (path: string): Received[] => receiver.requests.filter((one) => one.path === path);
const headersOf = ({ headers }: Received) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const drawerOf = (page: Page) => page.getByRole("complementary");

describe("an endpoint", () => {
  it("is made, shows its secret once, is told of an export by requests that the secret verifies, and its delivery is sent again", async () => {
    receiver.answer("/pipeline", (_, response) => {
      response.writeHead(503, { "content-type": "application/json", "x-queue": "full" });
      response.end('{"error":"queue is full","id":12345678901234567890}');
      return 503;
    });
    const page = await openAsOwner(pages());
    await page.getByRole("heading", { name: "No webhook endpoints yet" }).waitFor();
    await page.keyboard.press("n");
    await field(page, "Name").fill("pipeline");
    await field(page, "Address").fill(receiver.url("/pipeline"));
    await page.getByLabel("Only these").check();
    expect(await page.getByRole("checkbox", { name: /export\.completed/ }).isChecked()).toBe(true);
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Create" }).click();
    const dialog = page.getByRole("dialog", { name: "“pipeline” is made" });
    const secret = (await dialog.getByRole("region", { name: "secret", exact: true }).textContent()) ?? "";
    expect(secret).toMatch(/^whsec_/);
    await dialog.getByText("new Webhook(process.env.WEBHOOK_SECRET)").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    // Neither Escape nor the button closes it before somebody says that the secret is stored.
    await page.keyboard.press("Escape");
    expect(await dialog.getByRole("button", { name: "Done" }).isDisabled()).toBe(true);
    await dialog.getByLabel("I have stored the secret").check();
    await dialog.getByRole("button", { name: "Done" }).click();
    await page.getByRole("heading", { level: 1, name: "pipeline" }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await whole.exported("events", []);
    const row = page.getByRole("table", { name: "Deliveries" }).getByRole("row").filter({ hasText: "export.completed" });
    await row.getByText("Waiting", { exact: true }).waitFor();
    await receiver.arrived("/pipeline", 1);
    await row.getByText("The endpoint answered 503.").waitFor();
    await row.getByRole("link").click();
    const drawer = drawerOf(page);
    // Of the newest attempt: on a busy machine there are two by now.
    await drawer.getByText("x-queue").first().waitFor();
    // Digits beyond 2^53 are shown as they came.
    await drawer.getByText('"id": 12345678901234567890').first().waitFor();
    await drawer.getByText('"type": "export.completed"').waitFor();
    await drawer.getByText("user-agent").first().waitFor();

    receiver.answer("/pipeline", 204);
    // Its schedule may have come first.
    await drawer.getByRole("button", { name: /^(Send now|Redeliver)$/ }).click();
    await drawer.getByText("Delivered", { exact: true }).waitFor();
    // As many as have arrived, whichever came first, the schedule or the button.
    const shown = async () =>
      Number.parseInt((await drawer.getByText(/^\d+ attempts$/).textContent()) ?? "", 10) - requestsTo("/pipeline").length;
    await expect.poll(shown, { timeout: waitSeconds * 1000 }).toBe(0);
    expect(requestsTo("/pipeline").length).toBeGreaterThan(1);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    const sent = requestsTo("/pipeline");
    for (const request of sent) new Webhook(secret).verify(request.body, headersOf(request));
    expect(new Set(sent.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(await whole.json("webhook-endpoints?limit=1")).toMatchObject({
      data: [{ name: "pipeline", eventTypes: ["export.completed", "export.failed"] }],
    });
  });

  it("is sent a test of a chosen type, whose failure it shows, and is filtered by state", async () => {
    receiver.answer("/tests", 500);
    const { id } = await made("/tests");
    const page = await openAsOwner(pages(`/${id}`));
    await page.getByRole("heading", { name: "Nothing was sent yet" }).waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await field(page, "Event").last().selectOption("integration.run.failed");
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    const drawer = drawerOf(page);
    await drawer.getByText("The endpoint answered 500.").first().waitFor();
    expect(new URL(page.url()).searchParams.get("delivery")).toMatch(/^whd_/);
    receiver.answer("/tests", 204);
    await drawer.getByRole("button", { name: "Redeliver" }).click();
    await drawer.getByText("Delivered", { exact: true }).waitFor();
    await drawer.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "Failed", exact: true }).click();
    await page.getByRole("heading", { name: "No delivery here" }).waitFor();
  });

  it("that was off gets everything again that it missed", async () => {
    const { id } = await made("/missed", { eventTypes: ["export.queued"], enabled: false });
    await whole.exported("events", []);
    await whole.exported("events", []);
    const page = await openAsOwner(pages(`/${id}?state=failed`));
    await page.getByText("2 deliveries on this page").waitFor();
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByRole("button", { name: "Switch off" }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Redeliver many…" }).click();
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Redeliver" }).click();
    await page.getByText("2 events are sent again.").waitFor();
    await receiver.arrived("/missed", 2);
    await page.getByRole("heading", { name: "No delivery here" }).waitFor();
    await page.getByRole("link", { name: "Show all deliveries" }).click();
    await page.getByText("Delivered", { exact: true }).nth(2).waitFor();
  });

  it("is edited, switched off and on, and deleted after a question", async () => {
    const { id } = await made("/life");
    const page = await openAsOwner(pages(`/${id}`), { expectedStatuses: [400, 404] });
    await page.getByRole("button", { name: "Edit" }).click();
    await field(page, "Address").fill("not an address");
    await field(page, "Name").fill("renamed");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").first().waitFor();
    await field(page, "Address").fill(receiver.url("/life"));
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "renamed" }).waitFor();
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByText("Off", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByText("Healthy", { exact: true }).waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    expect((await whole.call(`webhook-endpoints/${id}`)).status).toBe(404);
  });

  it("gets a new secret while the former one still signs, and shows both public keys", async () => {
    const { id, publicKey } = await made("/keys", { signing: "ed25519" });
    const page = await openAsOwner(pages(`/${id}`));
    await page
      .getByRole("region", { name: "Endpoint" })
      .getByText(publicKey ?? "")
      .waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Rotate the secret…" }).click();
    await field(page, "Overlap, hours").fill("2");
    await page.getByRole("button", { name: "Rotate", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "The secret is rotated" });
    await dialog.getByText("WEBHOOK_PUBLIC_KEY").waitFor();
    await dialog.getByRole("button", { name: "Done" }).click();
    const { publicKey: present } = await whole.json<Endpoint>(`webhook-endpoints/${id}`);
    const shown = page.getByRole("region", { name: "Endpoint" });
    await shown.getByText("Both secrets sign until").waitFor();
    await shown.getByText(present ?? "").waitFor();
    await shown.getByText(publicKey ?? "").waitFor();
    expect(present).not.toBe(publicKey);
  });
});

describe("a hostile receiver", () => {
  it("answers markup, which is shown as text", async () => {
    receiver.answer("/hostile", (_, response) => {
      response.writeHead(200, { "x-note": "<img src=x onerror=alert(1)>" });
      response.end("<script>document.title = 'run'</script>\u202e<b>bold</b>");
      return 200;
    });
    const { id } = await made("/hostile");
    const { id: delivery } = await whole.json<{ id: string }>(`webhook-endpoints/${id}/test`, {
      method: "POST",
      body: JSON.stringify({ type: "export.failed" }),
    });
    const page = await openAsOwner(pages(`/${id}?delivery=${delivery}`));
    await drawerOf(page).getByText("<script>document.title = 'run'</script>").waitFor();
    await drawerOf(page).getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.title()).toBe("hostile · Spillway");
  });
});

describe("without the right", () => {
  it.each(["VIEWER", "MEMBER"] as const)("a %s is offered no page and no action that the API would refuse", async (role) => {
    const team = await people.newTeam("readers");
    for (const path of ["/webhooks", "/webhooks/whe_1"]) {
      const page = await openAs(team, role, `/projects/${team.projectId}${path}`, { expectedStatuses: [403] });
      await page.getByRole("heading", { name: "You have no right to see this" }).waitFor();
      expect(await page.getByRole("main").getByRole("button").count()).toBe(0);
      expect(await page.getByRole("navigation", { name: "Pages" }).getByText("Webhooks").count()).toBe(0);
    }
  });
});

it("a delivery that is gone is not asked for all the time", async () => {
  const { id } = await made("/gone");
  const page = await openAsOwner(pages(`/${id}`), { expectedStatuses: [404] });
  const asked = { list: 0, gone: 0 };
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith("/deliveries")) asked.list++;
    if (pathname.endsWith("/deliveries/del_gone")) asked.gone++;
  });
  await page.goto(`${whole.stack().apiUrl}${pages(`/${id}?delivery=del_gone`)}`);
  // The list is asked for every 8 seconds.
  await expect.poll(() => asked.list, { timeout: waitSeconds * 1000 }).toBeGreaterThan(1);
  expect(asked.gone).toBe(1);
});
