/**
 * Serves the console: its page at `/` and at every other path that a browser opens and no route answers, its files at `/assets/…` (named by
 * their content) and `/static/…`. They are static assets of the deployment, see wrangler.toml.
 */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { consoleFileHeaders, consolePageHeaders, contentTypeOf } from "./console-headers.ts";

type ConsoleDeps = Pick<RouteDeps, "openAsset">;

export const registerConsole = (app: App, deps: ConsoleDeps): void => {
  app.get("/", async (c) => (await consolePage(c, deps)) ?? c.redirect("/docs", 302));
  for (const folder of ["assets", "static"] as const)
    app.get(`/${folder}/:file`, async (c) => {
      const name = c.req.param("file");
      const contentType = contentTypeOf(name);
      const file = contentType === undefined ? undefined : await deps.openAsset(`${folder}/${name}`);
      if (file === undefined || contentType === undefined) throw new AppError({ code: "ROUTE_NOT_FOUND" });
      return c.body(file, 200, { ...consoleFileHeaders[folder], "content-type": contentType });
    });
};

/** Answers the console's page where a browser opens a path that has no route, such as a link to an export; undefined for everything else. */
export const consolePage = async (c: Context<AppEnv>, { openAsset }: ConsoleDeps): Promise<Response | undefined> => {
  const isOpened = ["GET", "HEAD"].includes(c.req.method) && c.req.header("accept")?.includes("text/html") === true;
  if (c.req.path !== "/" && (!isOpened || c.req.path.startsWith("/api/"))) return undefined;
  const page = await openAsset("index.html");
  return page === undefined ? undefined : c.body(page, 200, consolePageHeaders(c.req.url));
};
