/** What axe finds on a page: each fault with the elements that have it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Result = { violations: { id: string; impact: string | null; nodes: { target: unknown[]; failureSummary?: string }[] }[] };

const runOnly = {
  all: "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']",
  /** What differs between themes. */
  colours: "{ type: 'rule', values: ['color-contrast', 'link-in-text-block'] }",
};

/** Minor ones, too: none is left. */
export const axeFaults = async (page: Page, rules: keyof typeof runOnly = "all"): Promise<string[]> => {
  // By the protocol of the browser: the page's policy allows no script from elsewhere.
  await page.evaluate(source);
  const { violations } = (await page.evaluate(`axe.run(document, { runOnly: ${runOnly[rules]}, resultTypes: ['violations'] })`)) as Result;
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${impact} ${id}: ${target.join(" ")} ${failureSummary ?? ""}`),
  );
};
