/** The reference page: Swagger UI over the OpenAPI document. It loads everything from this origin, so it works offline. */

/** Files of swagger-ui-dist that the page loads, with their content types. */
export const docsFiles = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
} as const;
type DocsFile = keyof typeof docsFiles;

export const isDocsFile = (name: string): name is DocsFile => Object.hasOwn(docsFiles, name);

/** Swagger UI sets inline styles and draws icons from `data:` URLs. Nothing else is allowed, and requests may go to this API only. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `validatorUrl: null` keeps the page from sending the document's URL to validator.swagger.io. */
export const docsScript = `SwaggerUIBundle({
  url: "/api/public/openapi.json",
  dom_id: "#docs",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
});
`;

export const docsPage = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"><noscript>This page needs JavaScript. The document itself: <a href="/api/public/openapi.json">openapi.json</a></noscript></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
