/** Metrics: serves the page that Prometheus reads, and /healthz, which only shows that the process responds. */
import { createServer } from "node:http";

type ScrapeServer = { stop: () => Promise<void> };

/** A port in use, like every failure here, is reported and stops nothing else. */
export const serveScrape = (
  { host, port }: { host: string; port: number },
  deps: { scrape: () => Promise<string>; report: (event: string, error: unknown) => void },
): ScrapeServer => {
  const pages: Record<string, () => Promise<string>> = { "/metrics": deps.scrape, "/healthz": async () => "ok\n" };
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const page = pages[request.url?.split("?", 1)[0] ?? ""];
    if (page === undefined) return answer(404, "");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "");
    page().then(
      (text) => answer(200, text),
      (error: unknown) => {
        deps.report("scrape_failed", error);
        answer(500, "");
      },
    );
  });
  server.on("error", (error) => deps.report("metrics_not_served", error));
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
