/** How long the page of a table takes in a browser: from the start of its navigation, and from a press of "Next", until its rows are painted. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { pageOptions } from "../chromium.ts";

export type SignedIn = { storageState: Exclude<BrowserContextOptions["storageState"], string | undefined> };
export type Load = {
  /** The first rows are painted. */
  shownMs: number;
  /** After that, the main thread has been idle once. */
  interactiveMs: number;
  /** What was loaded, and when: lines for a reader. */
  requests: string[];
};

/** From the press on: the rows are asked for, are answered, and painted. */
export type Turn = { askedMs: number; answeredMs: number; shownMs: number };

type Timed = { shownMs: number; interactiveMs: number };
declare global {
  interface Window {
    /** Of this navigation; its times count from the start of the navigation. */
    benchLoad: Promise<Timed>;
    /** From the press of the next button to the paint of other rows. */
    benchTurn: Promise<Turn>;
  }
}

/** Runs in the page before its own scripts. */
const watchLoad = (): void => {
  window.benchLoad = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (document.querySelector("[data-row-focus]") === null) return;
      observer.disconnect();
      // A message that is sent within a frame arrives after its paint.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const shownMs = performance.now();
          requestIdleCallback(() => resolve({ shownMs, interactiveMs: performance.now() }));
        };
        port2.postMessage(null);
      });
    });
    observer.observe(document, { childList: true, subtree: true });
  });
};

/** Runs in the page before the press. */
const watchTurn = (): void => {
  const idOfFirst = () => document.querySelector("[data-row-id]")?.getAttribute("data-row-id");
  const before = idOfFirst();
  window.benchTurn = new Promise((resolve) => {
    let pressedMs = Number.NaN;
    document.addEventListener("pointerdown", ({ timeStamp }) => (pressedMs = timeStamp), { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if ([before, undefined].includes(idOfFirst())) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const shownMs = performance.now() - pressedMs;
          const request = performance
            .getEntriesByType("resource")
            .findLast(({ name }) => name.endsWith("/rows")) as PerformanceResourceTiming;
          resolve({ askedMs: request.startTime - pressedMs, answeredMs: request.responseEnd - pressedMs, shownMs });
        };
        port2.postMessage(null);
      });
    });
    observer.observe(document, { childList: true, subtree: true, attributes: true });
  });
};

const requestsOf = (): string[] =>
  performance.getEntriesByType("resource").map((entry) => {
    const { name, startTime, responseEnd, decodedBodySize } = entry as PerformanceResourceTiming;
    return `${startTime.toFixed(0)} to ${responseEnd.toFixed(0)} ms, ${decodedBodySize} bytes: ${new URL(name).pathname}`;
  });

const load = async (page: Page, url: string): Promise<Load> => {
  await page.goto(url);
  const timed = await page.evaluate(() => window.benchLoad);
  // The plot and the count come later, and compete for the machine.
  await page.waitForLoadState("networkidle");
  return { ...timed, requests: await page.evaluate(requestsOf) };
};

/** Loads the page in a fresh profile, then again in another tab of it. */
export const loadColdAndWarm = async (browser: Browser, signedIn: SignedIn, url: string): Promise<{ cold: Load; warm: Load }> => {
  const context = await browser.newContext({ ...pageOptions, ...signedIn });
  await context.addInitScript(watchLoad);
  const page = await context.newPage();
  const cold = await load(page, url);
  await page.close();
  const warm = await load(await context.newPage(), url);
  await context.close();
  return { cold, warm };
};

/** Presses "Next" so many times, once plot and count are there. */
export const turnPages = async (browser: Browser, signedIn: SignedIn, url: string, pages: number): Promise<Turn[]> => {
  const context = await browser.newContext({ ...pageOptions, ...signedIn });
  await context.addInitScript(watchLoad);
  const page = await context.newPage();
  await load(page, url);
  const turns: Turn[] = [];
  for (let turn = 0; turn < pages; turn++) {
    await page.evaluate(watchTurn);
    await page.getByRole("button", { name: "Next" }).click();
    turns.push(await page.evaluate(() => window.benchTurn));
  }
  // What was timed are rows that can be opened.
  await page.locator("[data-row-focus]").first().click();
  await page.getByRole("complementary").waitFor();
  await context.close();
  return turns;
};
