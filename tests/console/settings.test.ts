/** Settings of a project in the console: API keys, models, limits, the audit log, and what each role sees of them. */
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { showRunning } from "../../local/show-running.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { showFailed } from "../support/export-states.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const { whole, people, openAsOwner, openSignedIn } = useConsole();
const project = () => `/projects/${whole.stack().projectId}`;

type Key = { publicKey: string; secretKey: string };
/** Status of an answer to this key. */
const statusFor = async (key: Key, path: string): Promise<number> =>
  (await whole.call(path, {}, { authorization: whole.authorization(key) })).status;

/** The lines of an environment file as a program reads them. */
const environmentOf = (lines: string): Record<string, string> =>
  Object.fromEntries(lines.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));

const shownEnvironment = async (page: Page, tab: string): Promise<Record<string, string>> => {
  await page.getByRole("tab", { name: tab }).click();
  return environmentOf((await page.getByRole("region", { name: `environment for ${tab}` }).textContent()) ?? "");
};

const keyOf = (environment: Record<string, string>): Key => ({
  publicKey: environment["LANGFUSE_PUBLIC_KEY"] ?? "",
  secretKey: environment["LANGFUSE_SECRET_KEY"] ?? "",
});

describe("an API key", () => {
  const create = async (page: Page, note: string, preset: string): Promise<void> => {
    await page.getByRole("button", { name: "Create key" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Create an API key" });
    await dialog.getByLabel("Note").fill(note);
    await dialog.getByRole("button", { name: preset, exact: true }).click();
    await dialog.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("dialog", { name: "API key created" }).waitFor();
  };

  it("that was made in the console may do what was chosen, and its secret is shown once", async () => {
    const page = await openAsOwner(`${project()}/api-keys`);
    await create(page, "worker of the shop", "SDK");
    const langfuse = await shownEnvironment(page, "Langfuse SDK");
    const key = keyOf(langfuse);
    expect(langfuse["LANGFUSE_BASE_URL"]).toBe(whole.stack().apiUrl);
    expect(await statusFor(key, "traces?limit=1")).toBe(200);
    expect(await statusFor(key, "batch-exports")).toBe(403);
    const otlp = await shownEnvironment(page, "OpenTelemetry");
    const sent = await fetch(otlp["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? "", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: decodeURIComponent(otlp["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] ?? "").replace(/^Authorization=/, ""),
      },
      body: '{"resourceSpans":[]}',
    });
    expect(sent.status).toBe(200);
    const cli = await shownEnvironment(page, "Command line");
    expect(cli).toEqual({
      SPILLWAY_URL: whole.stack().apiUrl,
      SPILLWAY_PUBLIC_KEY: key.publicKey,
      SPILLWAY_SECRET_KEY: key.secretKey,
    });
    await page.getByRole("button", { name: "I have stored the secret" }).click();
    await page.getByRole("button", { name: "worker of the shop" }).click();
    await page.getByRole("complementary").getByText("Read data").waitFor();
    expect(await page.content()).not.toContain(key.secretKey);
    await page.reload();
    await page.getByRole("complementary").getByText("Read data").waitFor();
    expect(await page.content()).not.toContain(key.secretKey);
  });

  it("that is rotated keeps its former secret for the overlap, and loses both when it is revoked", async () => {
    const page = await openAsOwner(`${project()}/api-keys`);
    await create(page, "rotated", "SDK");
    const before = keyOf(await shownEnvironment(page, "Langfuse SDK"));
    // A press outside would lose the secret: it does nothing.
    await page.mouse.click(5, 5);
    await page.getByRole("button", { name: "I have stored the secret" }).click();
    await page.getByRole("button", { name: "rotated" }).click();
    await page.getByRole("button", { name: "Rotate secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
    await page.getByRole("dialog", { name: "Secret rotated" }).waitFor();
    const after = keyOf(await shownEnvironment(page, "Langfuse SDK"));
    expect(after.publicKey).toBe(before.publicKey);
    expect(after.secretKey).not.toBe(before.secretKey);
    expect([await statusFor(before, "traces?limit=1"), await statusFor(after, "traces?limit=1")]).toEqual([200, 200]);
    await page.getByRole("button", { name: "I have stored the secret" }).click();
    await page.getByRole("row", { name: /rotated.*Two secrets/ }).waitFor();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await page.getByText("The key is revoked").waitFor();
    expect([await statusFor(before, "traces?limit=1"), await statusFor(after, "traces?limit=1")]).toEqual([401, 401]);
    await page.getByRole("row", { name: /rotated/ }).waitFor({ state: "detached" });
  });

  it("is made and revoked by keys alone, and a name with markup is only text", async () => {
    const page = await openAsOwner(`${project()}/api-keys`);
    await page.getByRole("table").waitFor();
    await page.keyboard.press("n");
    await page.getByRole("dialog").waitFor();
    const press = async (label: string, key: string) => {
      for (let tabs = 0; tabs < 40; tabs++) {
        const found = await page.evaluate(() => {
          const { activeElement } = document;
          return activeElement?.getAttribute("aria-label") ?? activeElement?.closest("label, button")?.textContent ?? "";
        });
        if (found.startsWith(label)) return page.keyboard.press(key);
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab does not lead to ${label}`);
    };
    // The first control of a dialog is Close; the note follows.
    await page.keyboard.press("Tab");
    await page.keyboard.type("<img src=x onerror=alert(1)>");
    await press("Read data", "Space");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "API key created" }).waitFor();
    await press("I have stored", "Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "<img src=x" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "<img src=x" }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    await press("Revoke", "Enter");
    await page.getByRole("dialog").waitFor();
    await press("Revoke key", "Enter");
    await page.getByText("The key is revoked").waitFor();
  });
});

describe("a model", () => {
  it("that was added prices its names before the built-in one, with every digit, until it is deleted", async () => {
    const page = await openAsOwner(`${project()}/models?name=openrouter/openai/gpt-4o`);
    const tester = page.getByRole("region", { name: "Which model prices a name?" });
    await tester.getByText("Built in").waitFor();
    await tester.getByText("gpt-4o ✓").waitFor();
    await page.getByRole("link", { name: "Add model" }).click();
    await page.getByRole("button", { name: "Add model" }).click();
    await page.getByText("Give the model a name.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("gpt-4o");
    await page.getByRole("textbox", { name: "Price of input" }).fill("1.234567890123");
    await page.getByRole("textbox", { name: "Price of output" }).fill("8");
    await page.getByRole("button", { name: "Add a tier" }).click();
    const tier = page.getByRole("region", { name: "Tier 1" });
    await tier.getByRole("textbox", { name: "Price of input" }).fill("2.5");
    await tier.getByRole("textbox", { name: "Price of output" }).fill("16");
    await page.getByRole("button", { name: "Add model" }).click();
    const drawer = page.getByRole("complementary", { name: "gpt-4o" });
    await drawer.getByText("Usage that matches ^input is more than 200,000").waitFor();
    await drawer.getByText("$1.234567890123").waitFor();
    const id = new URL(page.url()).searchParams.get("model") ?? "";
    const stored = await (await whole.call(`models/${id}`)).text();
    expect(stored).toContain('"input":{"price":0.000001234567890123}');
    expect(JSON.parse(stored)).toMatchObject({ matchPattern: "(?i)^gpt-4o$", pricingTiers: [{ isDefault: true }, { priority: 1 }] });
    await page.keyboard.press("Escape");
    await tester.getByLabel("Model name, as calls send it").fill("azure/gpt-4o");
    await page.keyboard.press("Enter");
    await tester.getByText("Own", { exact: true }).waitFor();
    await page.getByRole("button", { name: "gpt-4o", exact: true }).last().click();
    await drawer.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete model" }).click();
    await page.getByText("The model is deleted.").waitFor();
    expect((await whole.call(`models/${id}`)).status).toBe(404);
  });

  it("that no pattern matches is said to have no price", async () => {
    const page = await openAsOwner(`${project()}/models?name=nobody/knows-this`);
    await page.getByText("Calls of this name have no price.").waitFor();
  });
});

describe("limits", () => {
  it("show what is used exactly, and are on the overview when they are nearly used up", async () => {
    const { projectId, adminKey, apiUrl } = whole.stack();
    const answer = await fetch(`${apiUrl}/api/admin/projects/${projectId}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ plan: "pro", overrides: { exportsPerHour: 1, rowsPerDay: 1_234_567_890 } }),
    });
    expect(answer.status).toBe(200);
    await whole.exported("scores", []);
    // What is used up stays so when the hour ends.
    await execute(
      whole.db(),
      sql`insert into export_usage (project_id, hour, exports, rows, bytes)
        select project_id, hour + interval '1 hour', exports, rows, bytes from export_usage where project_id = ${projectId}`,
    );
    const page = await openAsOwner(`${project()}/limits`);
    await page.getByText("Pro plan").waitFor();
    const hour = page.getByRole("region", { name: "Exports per hour" });
    await hour.getByText("Used up").waitFor();
    await page.getByRole("region", { name: "Rows per day" }).getByText("of 1,234,567,890").waitFor();
    expect(await hour.getByRole("meter").getAttribute("aria-label")).toBe("Exports per hour: 1 of 1 used");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("region", { name: "Needs attention" }).getByRole("link", { name: "Exports per hour" }).click();
    await page.getByRole("heading", { level: 1, name: "Limits" }).waitFor();
    await fetch(`${apiUrl}/api/admin/projects/${projectId}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ plan: null, overrides: {} }),
    });
  });
});

describe("the audit log", () => {
  it("is filtered and paged in the URL, and shows what an entry changed", async () => {
    const made = await whole.json<{ id: string }>("api-keys", {
      method: "POST",
      body: JSON.stringify({ scopes: ["traces:read"], note: "audited" }),
    });
    await whole.call(`api-keys/${made.id}/rotate`, { method: "POST", body: "{}" });
    const comment = JSON.stringify({ objectType: "TRACE", objectId: "some-trace", content: "seen" });
    for (let count = 0; count < 55; count++) await whole.json("comments", { method: "POST", body: comment });
    const page = await openAsOwner(`${project()}/audit?resourceType=comment`);
    await page.getByText("50 entries on this page").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("5 entries on this page").waitFor();
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("50 entries on this page").waitFor();
    await page.getByLabel("Object", { exact: true }).selectOption({ label: "API key" });
    await page.getByLabel("Id of the object").fill(made.id);
    await page.keyboard.press("Enter");
    await page.getByText("2 entries on this page").waitFor();
    expect(new URL(page.url()).search).toBe(`?resourceType=apiKey&resourceId=${made.id}`);
    await page.getByRole("button", { name: "API key: rotate" }).click();
    const drawer = page.getByRole("complementary", { name: "API key: rotate" });
    await drawer.getByText("What changed").waitFor();
    const changed = drawer.getByRole("listitem").filter({ hasText: "displaySecretKey" });
    await changed.locator("del").waitFor();
    await changed.locator("ins").waitFor();
    expect(await drawer.getByText("audited").count()).toBe(0);
    await drawer.getByLabel("Show what stayed").check();
    await drawer.getByText('"audited"').waitFor();
    await page.goto(`${whole.stack().apiUrl}${project()}/audit?action=never`);
    await page.getByRole("heading", { name: "No entry here" }).waitFor();
  });
});

describe("the overview", () => {
  it("of a new project leads through the first steps, and sees the first trace arrive", async () => {
    const member = await people.join(await people.newTeam("beginners"), "OWNER");
    const page = await openSignedIn(member.email, "/", {});
    await page.getByRole("region", { name: "First steps" }).waitFor();
    await page.getByRole("link", { name: "Create an API key" }).click();
    await page.getByRole("button", { name: "Create the first key" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "SDK", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    const key = keyOf(await shownEnvironment(page, "Langfuse SDK"));
    await page.getByRole("button", { name: "I have stored the secret" }).click();
    await page.getByRole("link", { name: "Overview" }).click();
    const command = await page.getByRole("region", { name: "command that sends a trace" }).textContent();
    const body = /-d '([^']+)'/.exec(command ?? "")?.[1] ?? "";
    const sent = await whole.post(body, { authorization: whole.authorization(key) });
    expect([sent.status, ((await sent.json()) as { errors: unknown[] }).errors]).toEqual([207, []]);
    await page.getByRole("region", { name: "Send events" }).getByText("They have arrived.").waitFor();
  });

  it("counts the exports of the last days by state, in words and as a plot", async () => {
    const [failed, running] = await Promise.all(
      ["Nightly evaluation", "Generations of last week"].map((name) =>
        whole.json<{ id: string }>("batch-exports", {
          method: "POST",
          body: JSON.stringify({ name, format: "JSONL", query: { tableName: "scores", filter: [] }, notify: false }),
        }),
      ),
    );
    await expect
      .poll(async () => (await whole.json<{ data: { status: string }[] }>("batch-exports?limit=2")).data.map(({ status }) => status), {
        timeout: waitSeconds * 1000,
      })
      .toEqual(["COMPLETED", "COMPLETED"]);
    await whole.exported("scores", []);
    await showFailed(whole.db(), failed?.id ?? "", "ClickHouse did not answer in time.");
    await showRunning(whole.db(), running?.id ?? "", { stage: "streaming", rows: 12_345, rowsTotal: 100_000, bytes: 5_000_000 });
    const told = await whole.json<{ buckets: { completed: number; failed: number; active: number }[] }>(
      `statistics/exports?from=${encodeURIComponent(new Date(Date.now() - 86_400_000).toISOString())}`,
    );
    const sum = (name: "completed" | "failed" | "active") => told.buckets.reduce((total, bucket) => total + bucket[name], 0);
    const page = await openAsOwner(project());
    await page.locator(".day-plot-canvas[data-drawn] canvas").first().waitFor();
    const rows = page.getByRole("table", { name: "Exports of the last 7 days by state" }).getByRole("row");
    const days = await Promise.all((await rows.all()).slice(1).map((row) => row.getByRole("cell").allTextContents()));
    expect(days).toHaveLength(7);
    // All of them are of the last minutes: of today, and of yesterday where midnight has passed meanwhile.
    expect(days.slice(0, -2)).toEqual(Array.from({ length: 5 }, () => ["0", "0", "0", "0"]));
    const total = days.slice(-2).reduce((sums, day) => sums.map((count, at) => count + Number(day[at])), [0, 0, 0, 0]);
    expect(total).toEqual([sum("completed"), sum("failed"), 0, sum("active")]);
    expect(sum("failed")).toBeGreaterThanOrEqual(1);
    await page.getByRole("region", { name: "Running now" }).getByRole("link", { name: "Generations of last week" }).waitFor();
    await page.getByRole("region", { name: "Needs attention" }).getByRole("link", { name: "Export Nightly evaluation failed" }).waitFor();
  });
});

describe("a person sees what the API would grant, and nothing else", () => {
  /** Each page with the read that it begins with, and its actions with a request that changes nothing. */
  type Probe = { method: string; path: string };
  const probe = (method: string, path: string): Probe => ({ method, path: `/api/public/${path}` });
  const pages: { link: string; read: Probe; actions: { name: string | RegExp; role: "button" | "link"; probe: Probe }[] }[] = [
    { link: "Exports", read: probe("GET", "batch-exports"), actions: [] },
    {
      link: "API keys",
      read: probe("GET", "api-keys"),
      actions: [{ name: "Create key", role: "button", probe: probe("DELETE", "api-keys/key-none") }],
    },
    {
      link: "Models",
      read: probe("GET", "models?limit=1"),
      actions: [{ name: "Add model", role: "link", probe: probe("DELETE", "models/none") }],
    },
    { link: "Limits", read: probe("GET", "limits"), actions: [] },
    {
      link: "Members",
      read: probe("GET", "members"),
      actions: [{ name: "Invite", role: "button", probe: probe("DELETE", "invitations/inv-none") }],
    },
    { link: "Audit log", read: probe("GET", "audit-logs"), actions: [] },
  ];

  it.each(["VIEWER", "MEMBER", "ADMIN", "OWNER"] as const)("%s", async (role: Role) => {
    const team = await people.newTeam(`rights of ${role}`);
    const member = await people.join(team, role);
    const browser = await people.signIn(member);
    const isGranted = async ({ method, path }: Probe): Promise<boolean> => {
      const { status, text } = await browser.open(path, { method, project: team.projectId });
      expect([200, 403, 404], text).toContain(status);
      return status !== 403;
    };
    const page = await openSignedIn(member.email, `/projects/${team.projectId}`, {});
    const navigation = page.getByRole("navigation", { name: "Pages" });
    await navigation.getByRole("link", { name: "Overview" }).waitFor();
    for (const { link, read, actions } of pages) {
      const isLinked = (await navigation.getByRole("link", { name: link, exact: true }).count()) === 1;
      expect([link, isLinked]).toEqual([link, await isGranted(read)]);
      if (!isLinked) continue;
      await navigation.getByRole("link", { name: link, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: link }).waitFor();
      for (const { name, role: kind, probe: asked } of actions)
        expect([name, (await page.getByRole(kind, { name, exact: true }).count()) > 0]).toEqual([name, await isGranted(asked)]);
    }
    expect(await navigation.getByRole("link", { name: "Operator" }).count()).toBe(0);
  });
});

describe("axe finds nothing, light and dark, and 200 % zoom needs no scrolling sideways", () => {
  /** Colors change at once. */
  const still = { reducedMotion: "reduce" } as const;
  const expectNoFaults = async (page: Page, name: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, ...still });
      expect(await axeFaults(page, colorScheme === "light" ? "all" : "colours"), `${name}, ${colorScheme}`).toEqual([]);
      await keepPicture(page, colorScheme === "light" ? name : `${name}-dark`);
    }
    await page.setViewportSize({ width: 640, height: 860 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await keepPicture(page, `${name}-narrow`);
  };

  beforeAll(async () => {
    for (const [note, scopes, days] of [
      ["nightly export of the warehouse", ["batchExports:create", "batchExports:read", "traces:read"], 90],
      ["shop, production", ["ingestion:write", "traces:read"], null],
      ["collector of the cluster", ["ingestion:write"], 3],
    ] as const)
      await whole.json("api-keys", {
        method: "POST",
        body: JSON.stringify({ note, scopes, ...(days !== null && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }) }),
      });
    const model = { modelName: "gpt-4o-discount", matchPattern: "(?i)^gpt-4o-discount$", inputPrice: "0.000002", outputPrice: "0.000008" };
    await whole.json("models", { method: "POST", body: JSON.stringify(model) });
  });

  it.each([
    { name: "overview", path: "", shown: "Running now" },
    { name: "api-keys", path: "/api-keys", shown: "nightly export of the warehouse" },
    { name: "models", path: "/models?name=openrouter/anthropic/claude-3.5-sonnet", shown: "gpt-4o-discount" },
    { name: "new-model", path: "/models/new", shown: "USD for a million units" },
    { name: "limits", path: "/limits", shown: "Exports at once" },
    { name: "members", path: "/members", shown: "Nobody is invited" },
    { name: "audit", path: "/audit", shown: "API key: create" },
  ])("on $name", async ({ name, path, shown }) => {
    const page = await openAsOwner(`${project()}${path}`, still);
    await page.getByText(shown).first().waitFor();
    await expectNoFaults(page, name);
  });

  it("in dialogs and drawers", async () => {
    const page = await openAsOwner(`${project()}/api-keys`, still);
    await page.getByRole("button", { name: "shop, production" }).click();
    await page.getByRole("complementary").getByText("Read data").waitFor();
    await expectNoFaults(page, "api-key");
    await page.setViewportSize({ width: 1360, height: 860 });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("dialog").waitFor();
    await expectNoFaults(page, "create-key");
    await page.setViewportSize({ width: 1360, height: 860 });
    await page.getByRole("dialog").getByRole("button", { name: "Exports", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    await page.getByRole("dialog", { name: "API key created" }).waitFor();
    await expectNoFaults(page, "secret");
    await page.setViewportSize({ width: 1360, height: 860 });
    await page.goto(`${whole.stack().apiUrl}${project()}/audit?resourceType=apiKey`);
    await page.getByRole("button", { name: "API key: create" }).first().click();
    await page.getByRole("complementary").getByText("What is there now").waitFor();
    await expectNoFaults(page, "audit-entry");
    await page.setViewportSize({ width: 1360, height: 860 });
    await page.goto(`${whole.stack().apiUrl}${project()}/models?owner=own`);
    await page.getByRole("button", { name: "gpt-4o-discount" }).click();
    await page.getByRole("complementary").getByText("Standard").waitFor();
    await expectNoFaults(page, "model");
  });
});
