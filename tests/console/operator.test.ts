/** The page of operators: the queue of all projects, runners, long exports, and dead letters that are retried. No runner works here. */
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { showRunning } from "../../local/show-running.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { keepPicture } from "../support/keep-picture.ts";

const { whole, people, openAs, openAsOwner } = useConsole({ withRunner: false });
const path = () => `/projects/${whole.stack().projectId}/operator`;

const deadLetter = (id: string, entityId: string): Promise<unknown> =>
  execute(
    whole.db(),
    sql`insert into jobs (id, kind, project_id, payload, has_slot, state, priority, attempt, max_attempts, lane, last_error, finished_at)
      values (${id}, 'ingestion.merge', ${whole.stack().projectId}, ${JSON.stringify({ entityType: "trace", entityId })}::jsonb, false, 'discarded', 10, 20, 20,
        ${`lane-${id}`}, '{"code": "CLICKHOUSE_UNAVAILABLE", "message": "ClickHouse did not answer in time.", "attempt": 20, "at": "2026-03-01T00:00:00Z"}', now() - interval '3 minutes')`,
  );

beforeAll(async () => {
  const { projectId } = whole.stack();
  const made: string[] = [];
  for (const name of ["Everything of the year", "Nightly evaluation", "Errors of the checkout agent"]) {
    const body = { name, format: "JSONL", query: { tableName: "events", filter: [] }, notify: false };
    made.push((await whole.json<{ id: string }>("batch-exports", { method: "POST", body: JSON.stringify(body) })).id);
  }
  await showRunning(whole.db(), made[0] ?? "", { stage: "streaming", rows: 412_345, rowsTotal: 1_000_000, bytes: 123_456_789 });
  await execute(whole.db(), sql`update batch_exports set started_at = now() - interval '2 hours' where id = ${made[0] ?? ""}`);
  await execute(
    whole.db(),
    sql`update jobs set state = 'running', lease_id = gen_random_uuid(), lease_until = now() + interval '1 hour', claimed_by = 'runner-a:17', started_at = now() - interval '2 hours',
      heartbeat_at = now() - interval '10 minutes', attempt = 1 where project_id = ${projectId} and id = (select job_id from batch_exports where id = ${made[0] ?? ""})`,
  );
  await execute(whole.db(), sql`update jobs set run_at = now() - interval '5 hours' where state = 'available'`);
  await deadLetter("job_dead1", "checkout-1");
  await deadLetter("job_dead2", "<b>checkout-2</b>");
});

const figure = (page: Page, name: string) =>
  page.getByRole("definition").filter({ has: page.locator(`xpath=preceding-sibling::dt[text()="${name}"]`) });

describe("an operator", () => {
  it("sees what waits and runs in all projects, for how long, and which runner gives no sign of life", async () => {
    const page = await openAsOwner(path());
    const row = page.getByRole("table", { name: "Queue" }).getByRole("row", { name: /export\.run/ });
    await row.waitFor();
    const cells = await row.getByRole("cell").allTextContents();
    expect(cells.slice(0, 5)).toEqual(["export.run", "2", "0", "0", "1"]);
    expect(cells[5]).toMatch(/^5 h/);
    await page.getByRole("row", { name: /runner-a:17.*Silent/ }).waitFor();
    await page.getByRole("row", { name: /Everything of the year.*2 h.*412,345 of 1,000,000 rows/ }).waitFor();
    expect(await figure(page, "Dead letters").textContent()).toBe("2");
  });

  it("retries a dead letter, which waits for a runner with all of its attempts", async () => {
    const page = await openAsOwner(path());
    const dead = page.getByRole("table", { name: "Dead letters" });
    await dead.getByText("trace/<b>checkout-2</b>").waitFor();
    await page.getByRole("button", { name: "Retry ingestion.merge job_dead1" }).click();
    await page.getByText("The job is in the queue again").waitFor();
    await dead.getByText("trace/checkout-1").waitFor({ state: "detached" });
    const [job] = await execute<{ state: string; attempt: number }>(
      whole.db(),
      sql`select state, attempt from jobs where id = 'job_dead1'`,
    );
    expect(job).toEqual({ state: "available", attempt: 0 });
    await page
      .getByRole("table", { name: "Queue" })
      .getByRole("row", { name: /ingestion\.merge/ })
      .waitFor();
  });

  it("finds nothing with axe, light and dark, and scrolls no page sideways at 200 % zoom", async () => {
    const page = await openAsOwner(path(), { reducedMotion: "reduce" });
    await page.getByText("runner-a:17").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await axeFaults(page, colorScheme === "light" ? "all" : "colours"), colorScheme).toEqual([]);
      await keepPicture(page, colorScheme === "light" ? "operator" : "operator-dark");
    }
    await page.setViewportSize({ width: 640, height: 860 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });
});

describe("who operates nothing", () => {
  it("has no link to the page, and no right to see it", async () => {
    const team = await people.newTeam("no operators");
    const page = await openAs(team, "OWNER", `/projects/${team.projectId}/operator`, { expectedStatuses: [403] });
    await page.getByRole("heading", { name: "You have no right to see this" }).first().waitFor();
    expect(await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Operator" }).count()).toBe(0);
  });
});
