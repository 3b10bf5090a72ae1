/**
 * Serves the OpenAPI document and its page without authentication: `/docs`, `/api/public/docs`,
 * `/api/public/openapi.json`, and `/llms.txt`, which says what agents can read.
 */
import { AppError } from "../../../core/errors.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { docsFiles, docsPage, docsPolicy, docsScript, isDocsFile } from "./docs-page.ts";
import { apiDocument, documentInfo } from "./document.ts";
import { llmsText } from "./llms-text.ts";

/** One hour, so that browsers soon load the files of a new version. */
const fileCache = "public, max-age=3600";

export const registerDocs = (app: App, { openAsset }: Pick<RouteDeps, "openAsset">): void => {
  for (const path of ["/docs", "/api/public/docs"])
    app.get(path, (c) => c.html(docsPage(documentInfo.title), 200, { "content-security-policy": docsPolicy, ...strict }));
  app.get("/docs/start.js", (c) => c.body(docsScript, 200, { ...strict, "content-type": docsFiles["swagger-ui-bundle.js"] }));
  app.get("/docs/:file", async (c) => {
    const name = c.req.param("file");
    const file = isDocsFile(name) ? await openAsset(`docs-page/${name}`) : undefined;
    if (file === undefined || !isDocsFile(name)) throw new AppError({ code: "ROUTE_NOT_FOUND" });
    return c.body(file, 200, { ...strict, "content-type": docsFiles[name], "cache-control": fileCache });
  });
  app.get("/llms.txt", (c) =>
    c.body(llmsText, 200, { ...strict, "content-type": "text/plain; charset=utf-8", "cache-control": fileCache }),
  );
  let document: string | undefined;
  app.get("/api/public/openapi.json", (c) => {
    document ??= JSON.stringify(apiDocument(app));
    return c.body(document, 200, { "content-type": "application/json; charset=utf-8" });
  });
};

const strict = { "x-content-type-options": "nosniff" };
