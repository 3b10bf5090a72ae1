/** How long a key takes until it is painted, while somebody types into the palette over the list of exports. */
import type { Browser, Page } from "playwright-core";
import { pageOptions } from "../chromium.ts";
import type { SignedIn } from "./page-load.ts";

export type Typing = {
  /** Of each key, as Interaction to Next Paint counts it: in steps of 8 ms, and what takes less than 16 ms as 16. */
  keysMs: number[];
  /** Tasks of 50 ms and more. */
  longTasksMs: number[];
  /** Share of the time in which the main thread worked. */
  busy: number;
};

/** Not a divisor of the second in which the stream looks, so that keys meet its events anywhere. */
const betweenKeysMs = 83;
const eventMsMin = 16;
const word = "exports";

declare global {
  interface Window {
    benchKeys: { byInteraction: Record<number, number>; longTasksMs: number[] };
  }
}

/** Runs in the page before the first key. */
const watchKeys = (durationThreshold: number): void => {
  const seen: Window["benchKeys"] = { byInteraction: {}, longTasksMs: [] };
  window.benchKeys = seen;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { interactionId, duration } = entry as PerformanceEventTiming & { interactionId: number };
      // Zero for what is no press, such as moves of the pointer.
      if (interactionId > 0) seen.byInteraction[interactionId] = Math.max(duration, seen.byInteraction[interactionId] ?? 0);
    }
  }).observe({ type: "event", durationThreshold } as PerformanceObserverInit);
  new PerformanceObserver((list) => seen.longTasksMs.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
  });
};

const openList = async (browser: Browser, signedIn: SignedIn, url: string): Promise<Page> => {
  const context = await browser.newContext({ ...pageOptions, ...signedIn });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("[data-row-focus]").first().waitFor();
  return page;
};

const progressOf = (page: Page): Promise<string[]> => page.locator(".export-progress").allTextContents();

/** Types and erases a word, again and again. `moving`: rows of the list that must show other progress at the end than at the beginning. */
export const typeOverExports = async (
  browser: Browser,
  signedIn: SignedIn,
  { url, keys, moving }: { url: string; keys: number; moving: number },
): Promise<Typing> => {
  const page = await openList(browser, signedIn, url);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search for pages and actions" }).waitFor();
  // What the list asks for when it opens is no part of typing.
  await page.waitForTimeout(3000);
  const before = await progressOf(page);
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.enable");
  const workedSeconds = async () =>
    (await devTools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  await page.evaluate(watchKeys, eventMsMin);
  const worked = await workedSeconds();
  const startedMs = performance.now();
  for (let key = 0; key < keys; key++) {
    const at = key % (2 * word.length);
    await page.keyboard.press(word[at] ?? "Backspace");
    await page.waitForTimeout(Math.max(0, startedMs + (key + 1) * betweenKeysMs - performance.now()));
  }
  const busy = ((await workedSeconds()) - worked) / ((performance.now() - startedMs) / 1000);
  const after = await progressOf(page);
  const moved = after.filter((text, at) => text !== before[at]).length;
  if (moved !== moving) throw new Error(`${moved} exports have moved on the page, and ${moving} should have.`);
  // The last entries come after their frame.
  await page.waitForTimeout(500);
  const { byInteraction, longTasksMs } = await page.evaluate(() => window.benchKeys);
  await page.context().close();
  const slow = Object.values(byInteraction);
  return { keysMs: [...slow, ...Array.from({ length: Math.max(0, keys - slow.length) }, () => eventMsMin)], longTasksMs, busy };
};
