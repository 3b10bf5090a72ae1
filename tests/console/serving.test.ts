/** How the Worker serves the console: page, files and their headers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, inject, it } from "vitest";
import { useConsole } from "../support/console.ts";

const { whole, openAsOwner } = useConsole({ withRunner: false });

const opened = (path: string, accept = "text/html,application/xhtml+xml"): Promise<Response> =>
  fetch(`${whole.stack().apiUrl}${path}`, { headers: { accept }, redirect: "manual" });

/** Files of the first load: the entry, what it preloads, and what the page of the path loads with it. */
const firstLoad = async (): Promise<string[]> => {
  const html = await (await opened("/")).text();
  return [...html.matchAll(/(?:src|href)="(\/(?:assets|static)\/[^"]+)"/g)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.endsWith(".svg"));
};

describe("the page", () => {
  it("runs nothing inline, speaks to its own origin only, is in no frame, and is asked for anew", async () => {
    const response = await opened("/");
    expect(response.status).toBe(200);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
    });
    const html = await response.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  });

  it("answers at any path that a browser opens, and never for a program or below /api", async () => {
    expect(await (await opened("/projects/some/exports/other")).text()).toContain('<div id="root">');
    expect((await opened("/projects/some/exports/other", "application/json")).status).toBe(404);
    expect((await opened("/api/public/nothing")).headers.get("content-type")).toContain("application/problem+json");
    expect((await opened("/assets/nothing.js")).status).toBe(404);
    expect(await (await opened("/docs")).text()).toContain("swagger-ui");
    expect((await opened("/docs/swagger-ui.css")).status).toBe(200);
  });

  it("loads files that are named by their content and kept for ever", async () => {
    const files = (await firstLoad()).filter((path) => path.startsWith("/assets/"));
    expect(files.length).toBeGreaterThan(1);
    for (const path of files) {
      const response = await opened(path, "*/*");
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-type")).toMatch(path.endsWith(".css") ? /^text\/css/ : /^text\/javascript/);
    }
    const told = readFileSync(join(inject("workerBundle"), "assets", "_headers"), "utf8");
    expect(told).toContain("Cache-Control: public, max-age=31536000, immutable");
  });

  it("needs at most 150 kB, compressed, until the first page is there", async () => {
    const page = await openAsOwner();
    await page.getByRole("heading", { name: "No exports yet" }).waitFor();
    const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
    const files = [...new Set([...loaded, ...(await firstLoad())])].filter(
      (path) => path.startsWith("/assets/") || path.startsWith("/static/"),
    );
    expect(files.length).toBeGreaterThan(3);
    const bytes = files
      .map((path) => gzipSync(readFileSync(join(inject("workerBundle"), "assets", path))).byteLength)
      .reduce((sum, one) => sum + one, 0);
    expect(bytes).toBeLessThanOrEqual(150_000);
  });
});
