/** A real browser for one file of tests. Every page reports what went wrong in it, and a test that leaves such a report fails. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { chromiumBinary } from "./chromium-binary.ts";
import { waitSeconds } from "./wait-seconds.ts";

/** Web security and the sandboxing of sites stay on; only what a container lacks is left out. */
const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none", "--hide-scrollbars"];

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
    const { executablePath, env } = await chromiumBinary();
    browser = await chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
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
        viewport: { width: 1360, height: 860 },
        // That of the machine may be none that a browser has.
        locale: "en-US",
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
