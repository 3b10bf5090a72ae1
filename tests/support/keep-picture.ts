/** Pictures of pages for docs/console.md: written where SPILLWAY_SCREENSHOTS names a folder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

export const keepPicture = async (page: Page, name: string): Promise<void> => {
  const folder = process.env["SPILLWAY_SCREENSHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
};
