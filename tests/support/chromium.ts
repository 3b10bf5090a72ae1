/** A real browser for one file of tests. Every page reports what went wrong in it, and a test that leaves such a report fails. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchChromium, pageOptions } from "../../local/chromium.ts";
import { waitSeconds } from "./wait-seconds.ts";

export type OpenOptions = BrowserContextOptions & {
  /** Answers that the test provokes: their status in the browser's own log is no fault. */
  expectedStatuses?: readonly number[];
  cookies?: readonly { name: string; value: string; url: string }[];
};

/** Called once, at the top of a file. */
export const useChromium = () => {
  let browser: Browser;
  let opened: { page: Page; faults: string[] }[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    const faults = opened.flatMap((one) => one.faults);
    await Promise.all(opened.map(({ page }) => page.context().close()));
    opened = [];
    expect(faults).toEqual([]);
  });
  afterAll(() => browser?.close());

  return {
    /** A page in a profile of its own, closed after the test. */
    open: async (url: string, { expectedStatuses = [], cookies = [], ...options }: OpenOptions = {}): Promise<Page> => {
      const context = await browser.newContext({
        ...pageOptions,
        baseURL: url,
        acceptDownloads: true,
        ...options,
      });
      context.setDefaultTimeout(waitSeconds * 1000);
      await context.addCookies([...cookies]);
      const page = await context.newPage();
      const faults: string[] = [];
      opened.push({ page, faults });
      page.on("pageerror", (error) => faults.push(`threw ${error.stack ?? error.message}`));
      page.on("console", (message) => {
        if (message.type() !== "error" && message.type() !== "warning") return;
        const isExpected = expectedStatuses.some((status) => message.text().includes(`status of ${status}`));
        if (!isExpected) faults.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      });
      await page.goto(url);
      return page;
    },
  };
};
