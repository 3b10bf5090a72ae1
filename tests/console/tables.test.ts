/** Tables in the console: filters, paging, the row beside them with its trace, and exports made of what is shown. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { insertEvents, sampleEvents } from "../../local/sample-data.ts";
import { localOwner } from "../../local/stack-secrets.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { at } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const { whole, people, openAsOwner, openAs, openLink } = useConsole();
const endMs = Date.now() - 60_000;
const eventCount = 1500;
const longTrace = 10_000;

/** Text that would run, reverse, hide or break something. */
const hostile = `<img src=x onerror="document.title='run'">\u202eDER\u202c\u0000\u200b${"😀".repeat(3)}`;
const megabyte = `${"long ".repeat(200_000)}end of it`;

const row = (more: Record<string, unknown>) => ({
  project_id: whole.stack().projectId,
  type: "SPAN",
  level: "DEFAULT",
  environment: "tests",
  source: "sample",
  ...more,
});
const stored = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "000");

beforeAll(async () => {
  const { clickhouseUrl: url, clickhouseDatabase: database, projectId } = whole.stack();
  const target = { url, database };
  await insertEvents(target, sampleEvents({ projectId, events: eventCount, endMs }));
  const old = endMs - 90 * 86_400_000;
  const times = (ms: number) => ({ start_time: stored(ms), end_time: stored(ms + 5), event_ts: stored(ms) });
  await insertEvents(target, [
    row({
      span_id: "hostile",
      trace_id: "hostile-trace",
      name: hostile,
      user_id: hostile,
      input: JSON.stringify({ [hostile]: hostile, big: "12345678901234567890" }).replace('"12345678901234567890"', "12345678901234567890"),
      output: megabyte,
      metadata_names: [hostile],
      metadata_values: [hostile],
      ...times(old),
    }),
    ...Array.from({ length: longTrace }, (_, i) =>
      row({
        span_id: `long-${i}`,
        parent_span_id: i === 0 ? "" : `long-${Math.floor((i - 1) / 3)}`,
        trace_id: "long-trace",
        name: `step ${i}`,
        ...times(old + i),
      }),
    ),
  ]);
  const event = (id: string, type: string, body: object) => ({ id, type, timestamp: at(0), body: { ...body } });
  await whole.accepted([
    event("e1", "trace-create", {
      id: "trace-a",
      name: "checkout",
      userId: "ada",
      sessionId: "session-a",
      timestamp: at(0),
      input: { question: "why" },
    }),
    event("e2", "generation-create", { id: "generation-a", traceId: "trace-a", name: "answer", startTime: at(1), endTime: at(2) }),
    event("e3", "score-create", { id: "score-a", traceId: "trace-a", name: "helpful", value: 0.75, comment: "mostly" }),
  ]);
  await whole.settled();
});

const pathOf = (table: string, search = ""): string => `/projects/${whole.stack().projectId}/${table}${search}`;
const filterOf = (...filter: object[]): string => `filter=${encodeURIComponent(JSON.stringify(filter))}`;
const hasName = (value: string) => ({ type: "stringOptions", column: "name", operator: "any of", value: [value] });
const rowLinks = (page: Page) => page.locator("[data-row-focus]");
type AskedRows = { orderBy: { column: string; order: string } | null; cursor?: string };
/** Does what asks for these rows, and waits until they are shown. An answer to what was asked before may come meanwhile. */
const changing = async (page: Page, act: () => Promise<unknown>, isMeant: (asked: AskedRows) => boolean): Promise<void> => {
  const answered = page.waitForResponse(
    (response) => response.url().endsWith("/rows") && isMeant(response.request().postDataJSON() as AskedRows),
  );
  await act();
  await answered;
  await page.locator('.table-frame[aria-busy="false"]').waitFor();
};
const shownIds = (page: Page) => rowLinks(page).evaluateAll((links) => links.map((link) => link.getAttribute("data-row-id")));

/** All rows of a query, by the API. */
const rowsOf = async (table: string, body: object): Promise<{ id: string; values: Record<string, unknown> }[]> => {
  const rows = [];
  let cursor: string | null = null;
  do {
    const page: { rows: { id: string; values: Record<string, unknown> }[]; nextCursor: string | null } = await whole.json(
      `export-tables/${table}/rows`,
      {
        method: "POST",
        body: JSON.stringify({ ...body, limit: 100, textMax: 1_000_000, ...(cursor !== null && { cursor }) }),
      },
    );
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
};

const chooseLevel = async (page: Page, level: string): Promise<void> => {
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByLabel("Column", { exact: true }).selectOption("level");
  await page.getByRole("checkbox", { name: level }).check();
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("button", { name: `level any of ${level}` }).waitFor();
};

const pictures = process.env["SPILLWAY_SCREENSHOTS"];
const picture = async (page: Page, name: string): Promise<void> => {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
};

describe("an export of what is shown", () => {
  it("holds exactly the rows of the filter, in the order and columns of the table, for whoever came by the link that npm start prints", async () => {
    const page = await openLink(
      await people.linkOf({ email: localOwner }, pathOf("events", "?columns=id,startTime,level,totalCost,output")),
    );
    await chooseLevel(page, "ERROR");
    await page.getByRole("button", { name: "startTime" }).click();
    await page.waitForURL((url) => url.searchParams.get("sort") === "startTime.asc");
    const filter = [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }];
    const order = { column: "startTime", order: "ASC" };
    const expected = await rowsOf("events", { filter, orderBy: order, columns: ["id", "startTime", "level", "totalCost", "output"] });
    expect(expected.length).toBeGreaterThan(10);
    await page.getByText(`${expected.length} events`, { exact: true }).waitFor();

    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Export events" });
    await dialog.getByText(`${expected.length} events`).waitFor();
    await dialog.getByLabel("Format").selectOption("JSONL");
    await dialog.getByLabel("Name", { exact: true }).fill("Errors");
    await dialog.getByText("The first 20 rows.").waitFor();
    await dialog.getByRole("button", { name: "Start export" }).click();
    await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
    await page.getByText("Completed", { exact: true }).first().waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).first().click()]);
    const lines = readFileSync(await download.path(), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(expected.map(({ values }) => values));
  });

  it("is made once, though its first request got no answer", async () => {
    const page = await openAsOwner(pathOf("scores"));
    await rowLinks(page).first().waitFor();
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Export scores" });
    await dialog.getByLabel("Name", { exact: true }).fill("Only one");
    let isFirst = true;
    await page.route("**/api/public/batch-exports", async (route) => {
      if (!isFirst || route.request().method() !== "POST") return route.continue();
      isFirst = false;
      await route.fetch();
      // What a proxy without an answer gives.
      await route.fulfill({ status: 200, contentType: "application/json", body: "{" });
    });
    const start = dialog.getByRole("button", { name: "Start export" });
    await start.click();
    await dialog.getByRole("alert").waitFor();
    await start.click();
    await page.getByRole("heading", { level: 1, name: "Only one" }).waitFor();
    const { data } = await whole.json<{ data: { name: string }[] }>("batch-exports?limit=100");
    expect(data.filter(({ name }) => name === "Only one")).toHaveLength(1);
  });

  it("says what is wrong with it before it is made, and gives commands to take along", async () => {
    const page = await openAsOwner(pathOf("events", `?${filterOf({ type: "number", column: "commentCount", operator: ">=", value: 1 })}`), {
      expectedStatuses: [400],
    });
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Export events" });
    await dialog.getByText("Filters on comments look at the comments as they are when the export runs").waitFor();
    await dialog.getByRole("button", { name: "Add a rule" }).click();
    await dialog.getByLabel("Path of rule 1").fill("nothing.here");
    await dialog.getByText("query.privacy[0].path").waitFor();
    await dialog.getByLabel("Path of rule 1").fill("metadata.email");
    await dialog.getByRole("tab", { name: "Copy as" }).click();
    await dialog.getByRole("region", { name: "Command line" }).first().getByText("--privacy 'mask metadata.email'").waitFor();
  });
});

describe("the URL", () => {
  it("leads to the same rows: search, time, filter, order, columns, page and open row", async () => {
    const page = await openAsOwner(pathOf("events"));
    await rowLinks(page).first().waitFor();
    await page.getByRole("searchbox", { name: "Search" }).fill("chat-completion");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Time: All time" }).click();
    await page.getByRole("button", { name: "Last 7 days" }).click();
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("checkbox", { name: "level", exact: true }).uncheck();
    await page.getByRole("button", { name: "Move name to the front" }).click();
    await page.keyboard.press("Escape");
    const isByLatency = ({ orderBy }: AskedRows) => orderBy?.column === "latency" && orderBy.order === "DESC";
    await changing(page, () => page.getByRole("button", { name: "latencyMs" }).click(), isByLatency);
    await page.waitForURL((url) => url.searchParams.get("sort") === "latency.desc");
    const before = (await rowLinks(page).first().getAttribute("data-row-id")) ?? "";
    await changing(
      page,
      () => page.getByRole("button", { name: "Next", exact: true }).click(),
      ({ cursor }) => cursor !== undefined,
    );
    await page.waitForURL((url) => url.searchParams.has("cursor"));
    expect(await shownIds(page)).not.toContain(before);
    await rowLinks(page).nth(2).click();
    await page.waitForURL((url) => url.searchParams.has("row"));
    const ids = await shownIds(page);
    const heads = await page.getByRole("columnheader").allTextContents();
    expect(heads.slice(0, 3)).toEqual(["startTime", "name", "type"]);

    await page.goto(page.url());
    await page.getByRole("complementary", { name: ids[2] ?? "" }).waitFor();
    await rowLinks(page).first().waitFor();
    expect(await shownIds(page)).toEqual(ids);
    expect(await page.getByRole("columnheader").allTextContents()).toEqual(heads);
    expect(await page.getByRole("columnheader", { name: "latencyMs" }).getAttribute("aria-sort")).toBe("descending");
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has("row"));
    await page.getByRole("button", { name: /^(Previous|First page)$/ }).click();
    await page.locator(`[data-row-id="${before}"]`).waitFor();
  });

  it("that was edited by hand is read as far as it fits", async () => {
    const page = await openAsOwner(pathOf("events", "?filter=[1]&sort=x&since=1y&columns=nothing&row="));
    await rowLinks(page).first().waitFor();
    expect(await page.getByRole("columnheader").count()).toBe(1);
  });

  it("with a filter that the table refuses shows why, and how to go on", async () => {
    const page = await openAsOwner(pathOf("events", `?${filterOf({ ...hasName("x"), column: "nothing" })}`), { expectedStatuses: [400] });
    await page.getByText("INVALID_FILTER").first().waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await rowLinks(page).first().waitFor();
  });
});

describe("the first load", () => {
  it("asks for plot and count once the rows are there, and not beside them", async () => {
    const page = await openAsOwner(`/projects/${whole.stack().projectId}/exports`);
    const asked: string[] = [];
    const held = Promise.withResolvers<void>();
    await page.route(/export-tables\/events\/|batch-exports\/estimate/, async (route) => {
      const { columns, orderBy } = route.request().postDataJSON();
      const isPage = columns?.length > 1 && orderBy === null;
      asked.push(isPage ? "rows" : "more");
      if (isPage) await held.promise;
      await route.continue();
    });
    const [request] = await Promise.all([page.waitForRequest(/events\/rows$/), page.getByRole("link", { name: "Events" }).click()]);
    expect(request.postDataJSON().columns).toContain("input");
    await page.getByRole("heading", { name: "Events", level: 1 }).waitFor();
    expect(asked).toEqual(["rows"]);
    held.resolve();
    await page.getByText(/^[\d,]+ events$/).waitFor();
    await page.locator(".histogram canvas").waitFor();
    expect(asked).toEqual(["rows", "more", "more", "more"]);
  });
});

describe("the plot", () => {
  it("chooses a range where it is dragged over, and so does the form of the time control", async () => {
    const page = await openAsOwner(pathOf("events", "?since=24h"));
    const plot = page.locator(".u-over");
    await plot.waitFor();
    const box = (await plot.boundingBox()) ?? expect.unreachable();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.has("from") && url.searchParams.has("to"));
    const [from = "", to = ""] = ["from", "to"].map((name) => new URL(page.url()).searchParams.get(name)?.replaceAll('"', ""));
    const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
    expect(hours).toBeGreaterThan(4.5);
    expect(hours).toBeLessThan(6.5);
    const filter = [
      { type: "datetime", column: "startTime", operator: ">=", value: from },
      { type: "datetime", column: "startTime", operator: "<", value: to },
    ];
    const expected = await rowsOf("events", { filter, columns: ["id"] });
    await page.getByText(`${expected.length} events`, { exact: true }).waitFor();
    expect(await page.locator(".histogram figcaption").textContent()).toContain(`: ${expected.length}.`);
  });
});

describe("the drawer", () => {
  it("shows a row by its link, goes from row to row by arrows, and gives the focus back to the last one", async () => {
    const page = await openAsOwner(pathOf("events"));
    await rowLinks(page).nth(1).click();
    const ids = await shownIds(page);
    await page.getByRole("complementary", { name: ids[1] ?? "" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("complementary", { name: ids[2] ?? "" }).waitFor();
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    await page.getByRole("complementary", { name: ids[0] ?? "" }).waitFor();
    expect(new URL(page.url()).searchParams.get("row")).toBe(ids[0]);
    await page.keyboard.press("Escape");
    await page.waitForFunction((id) => document.activeElement?.getAttribute("data-row-id") === id, ids[0]);
  });

  it("shows values, spans, scores and comments of a trace, and takes a comment", async () => {
    const page = await openAsOwner(pathOf("traces", "?row=trace-a"));
    const drawer = page.getByRole("complementary", { name: "Trace trace-a" });
    await drawer.getByRole("region", { name: "input" }).first().getByText("why").waitFor();
    await drawer.getByRole("tab", { name: "Trace", exact: true }).click();
    await drawer.getByRole("treeitem", { name: /answer/ }).waitFor();
    await drawer.getByRole("tab", { name: "Scores" }).click();
    await drawer.getByRole("cell", { name: "0.75" }).waitFor();
    await drawer.getByRole("tab", { name: "Comments" }).click();
    await drawer.getByLabel("New comment").fill("<b>Look</b> at this\nplease");
    await drawer.getByRole("button", { name: "Comment", exact: true }).click();
    await drawer.getByRole("listitem").getByText("<b>Look</b> at this").waitFor();
    const { data } = await whole.json<{ data: { content: string }[] }>("comments?objectType=TRACE&objectId=trace-a");
    expect(data.map(({ content }) => content)).toEqual(["<b>Look</b> at this\nplease"]);
  });

  it("keeps what is typed while a comment is being sent", async () => {
    const page = await openAsOwner(pathOf("traces", "?row=trace-b&tab=comments"));
    const { promise: typed, resolve: answer } = Promise.withResolvers<void>();
    await page.route("**/api/public/comments", async (request) => {
      if (request.request().method() === "POST") await typed;
      await request.fallback();
    });
    const text = page.getByLabel("New comment");
    await text.fill("first");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    await text.fill("second");
    answer();
    await page.getByRole("listitem").getByText("first").waitFor();
    expect(await text.inputValue()).toBe("second");
  });

  it("of a session leads to its traces", async () => {
    const page = await openAsOwner(pathOf("sessions", "?row=session-a&tab=traces"));
    await page.getByRole("link", { name: "checkout" }).click();
    await page.waitForURL((url) => url.pathname.endsWith("/traces") && url.searchParams.get("row") === "trace-a");
    await page.getByRole("treeitem", { name: /answer/ }).waitFor();
  });

  it("scrolls a trace of 10,000 spans with few of them in the page, and goes to the last by a key", async () => {
    const page = await openAsOwner(pathOf("events", "?row=long-0&tab=trace"));
    await page.getByText("10,000 spans").waitFor();
    const tree = page.getByRole("tree");
    await tree.focus();
    // Each has three children, so the last line is that of the last child of the last child and so on.
    const last = "long-9840";
    await page.keyboard.press("End");
    await page.getByRole("treeitem", { name: /step 9840\b/ }).waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(60);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("span") === last);
    // To the parent, which is closed then, and back to the first.
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("treeitem", { name: /step 9840\b/ }).waitFor({ state: "detached" });
    await page.keyboard.press("Home");
    await page
      .getByRole("treeitem", { name: /step 0\b/ })
      .first()
      .waitFor();
  });
});

describe("hostile values", () => {
  it("are shown as data: nothing runs, nothing is hidden, and nothing turns around", async () => {
    const page = await openAsOwner(pathOf("events", "?q=hostile-trace&columns=id,name,input,output"));
    const cell = page.getByRole("cell", { name: "<img src=x" }).first();
    await cell.waitFor();
    expect(await cell.locator("bdi").first().textContent()).toBe(
      `<img src=x onerror="document.title='run'">⟨U+202E⟩DER⟨U+202C⟩⟨U+0000⟩⟨U+200B⟩😀😀😀`,
    );
    expect(await cell.locator("bdi").first().getAttribute("dir")).toBe("auto");
    await rowLinks(page).first().click();
    const input = page.getByRole("region", { name: "input" }).first();
    // More digits than a double has.
    await input.getByText("12345678901234567890").waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).toBe("Events · Spillway");
    await page.getByText("Cut: 1,000,009 characters in all.").waitFor();
    await page.getByRole("button", { name: "Load all of it" }).click();
    await page.getByText("of 1,000,009 characters").waitFor();
    // Still quick: the page answers to a key.
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
  });
});

describe("rights", () => {
  it("of a viewer leave out exports, comments and what else the API would refuse", async () => {
    const team = await people.newTeam("viewers");
    const page = await openAs(team, "VIEWER", `/projects/${team.projectId}/events`);
    await page.getByRole("heading", { level: 1, name: "Events" }).waitFor();
    await page.getByRole("heading", { name: "No events yet" }).waitFor();
    expect(await page.getByRole("button", { name: "Export", exact: true }).count()).toBe(0);
  });
});

describe("by keys alone", () => {
  it("a filter is made, a row is opened and closed, and an export is started", async () => {
    const page = await openAsOwner(pathOf("events"));
    await rowLinks(page).first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    const tabTo = async (name: string | RegExp) => {
      for (let tabs = 0; tabs < 60; tabs++) {
        await page.keyboard.press("Tab");
        const text = await focused();
        if (typeof name === "string" ? text === name : name.test(text)) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await tabTo("Filter");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Add a filter" }).waitFor();
    // The first field has the focus: a select, in which letters choose. If they come slowly, each of them is the first of another name.
    await page.waitForFunction(() => document.activeElement instanceof HTMLSelectElement);
    const choose = async (name: string) => {
      await page.keyboard.type(name);
      return page.evaluate(() =>
        document.activeElement instanceof HTMLSelectElement ? document.activeElement.selectedOptions[0]?.text : undefined,
      );
    };
    await expect.poll(() => choose("level"), { timeout: waitSeconds * 1000, interval: 1500 }).toMatch(/^level$/i);
    await page.getByRole("checkbox", { name: "ERROR" }).waitFor();
    for (let tabs = 0; tabs < 10; tabs++) {
      await page.keyboard.press("Tab");
      if (await page.getByRole("checkbox", { name: "ERROR" }).evaluate((box) => box === document.activeElement)) break;
    }
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.has("filter"));
    await page.getByRole("region", { name: "Events" }).focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await page.keyboard.press("e");
    await page.getByRole("dialog", { name: "Export events" }).waitFor();
    await tabTo("Start export");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => /\/exports\/exp_/.test(url.pathname));
  });
});

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  const faults = (page: Page) => axeFaults(page, colorScheme === "light" ? "all" : "colours");
  const name = (base: string) => (colorScheme === "light" ? base : `${base}-dark`);

  it("axe finds nothing on the table, its forms, the row, its trace and the export dialog", async () => {
    const page = await openAsOwner(pathOf("events", "?since=7d"), { colorScheme });
    await rowLinks(page).first().waitFor();
    await page.locator(".u-over").waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, name("events"));
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("dialog", { name: "Add a filter" }).getByRole("checkbox").nth(2).waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Columns" }).click();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Time/ }).click();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await rowLinks(page).nth(4).click();
    await page.getByRole("heading", { name: "output" }).waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, name("event"));
    await page.getByRole("tab", { name: "Trace" }).click();
    await page.getByRole("heading", { name: "output" }).waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, name("event-trace"));
    await page.getByRole("tab", { name: "Comments" }).click();
    await page.getByLabel("New comment").waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByText("The first 20 rows.").waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, name("export-dialog"));
    await page.getByRole("tab", { name: "Copy as" }).click();
    expect(await faults(page)).toEqual([]);
    await picture(page, name("export-copy"));
  });

  it.each(["traces", "observations", "scores", "sessions"])("axe finds nothing on %s", async (table) => {
    const page = await openAsOwner(pathOf(table), { colorScheme });
    await rowLinks(page).first().waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, name(table));
  });
});

describe("in a window of 640 pixels, as at 200 % zoom", () => {
  it.each(["", "?row=hostile&tab=trace"])("events%s are read without scrolling sideways", async (search) => {
    const page = await openAsOwner(pathOf("events", search), { viewport: { width: 640, height: 420 } });
    await rowLinks(page).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });
});
