/** The pages of exports, in a browser. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useChromium } from "../support/chromium.ts";
import { type KeyProxy, startKeyProxy } from "../support/key-proxy.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const whole = useWholeStack();
const browser = useChromium();
let proxy: KeyProxy;

beforeAll(async () => {
  proxy = await startKeyProxy(whole.stack().apiUrl, whole.authorization());
});
afterAll(() => proxy.stop());

describe("the list of exports", () => {
  it("shows an export that was made through the API", async () => {
    await whole.exported("events", []);
    const page = await browser.open(proxy.url);
    await page.getByRole("row", { name: /COMPLETED/ }).waitFor();
    expect(await page.title()).toBe("Exports · Spillway");
  });
});
