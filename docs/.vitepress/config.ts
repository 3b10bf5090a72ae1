/** The documentation site, built from the pages of `docs/` by VitePress: `npm run docs:build`, `npm run docs:dev`. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { headingSlug } from "./heading-slug.ts";
import { navigation } from "./navigation.ts";

const isWritten = ([name]: readonly [string, string]): boolean => existsSync(fileURLToPath(new URL(`../${name}.md`, import.meta.url)));

const groups = navigation.map(({ reader, title, pages }) => ({
  reader,
  text: title,
  items: pages.filter(isWritten).map(([name, text]): DefaultTheme.SidebarItem & { link: string } => ({ text, link: `/${name}` })),
}));

const readers = [...new Set(groups.map(({ reader }) => reader))];

/** One entry a reader, which leads to the first page for that reader. */
const nav = readers.flatMap((reader) => {
  const first = groups.find((group) => group.reader === reader)?.items[0];
  return first === undefined ? [] : [{ text: reader, link: first.link }];
});

/** A dead link between pages fails the build (VitePress's default); tests/unit/docs.test.ts checks the anchors. */
export default defineConfig({
  title: "Spillway",
  description: "Exports of traces of LLM applications: verified files, schedules, webhooks",
  lang: "en",
  cleanUrls: true,
  markdown: { anchor: { slugify: headingSlug } },
  themeConfig: {
    nav,
    sidebar: groups.map(({ text, items }) => ({ text, items })),
    outline: [2, 3],
    search: { provider: "local" },
  },
});
