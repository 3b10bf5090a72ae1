/** Serves the runner's own pages over HTTP: metrics, health and readiness. */
import { createServer } from "node:http";
import type { Report } from "./metrics/create-report.ts";

export type Page = { status: number; type: string; text: string };

/** A port in use, like every failure here, is reported and stops nothing else. Stopping closes open connections. */
export const servePages = (
  { host, port }: { host: string; port: number },
  pages: Readonly<Record<string, () => Promise<Page>>>,
  report: Report,
): { stop: () => Promise<void> } => {
  const server = createServer((request, response) => {
    const answer = ({ status, type, text }: Page) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const page = pages[request.url?.split("?", 1)[0] ?? ""];
    if (page === undefined) return answer(textPage("", 404));
    if (request.method !== "GET" && request.method !== "HEAD") return answer(textPage("", 405));
    page().then(answer, (error: unknown) => {
      report("page_failed", error);
      answer(textPage("", 500));
    });
  });
  server.on("error", (error) => report("pages_not_served", error));
  server.listen({ host, port });
  return {
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export const textPage = (text: string, status = 200): Page => ({ status, type: "text/plain; charset=utf-8", text });
