/** The OpenAPI document as a page without foreign assets: readable offline, with nothing to run. */
type Schema = Record<string, unknown>;
type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  requestBody?: unknown;
  parameters?: unknown;
  responses?: Record<string, { description?: string }>;
};
type Document = {
  info: { title: string; version: string; description?: string };
  paths?: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, unknown> };
};

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Sentences of the document: what stands between backticks is code. */
const prose = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");

const pretty = (value: unknown): string => `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;

const operation = (
  method: string,
  path: string,
  { operationId = "", summary = "", description, requestBody, parameters, responses = {} }: Operation,
): string => `
<section id="${escapeHtml(operationId)}"><h3><code class="${method}">${method.toUpperCase()}</code> <code>${escapeHtml(path)}</code></h3>
<p>${prose(summary)}${description === undefined ? "" : `. ${prose(description)}`}</p>
${parameters === undefined ? "" : `<details><summary>Parameters</summary>${pretty(parameters)}</details>`}
${requestBody === undefined ? "" : `<details><summary>Body</summary>${pretty(requestBody)}</details>`}
<details><summary>Answers: ${Object.keys(responses).join(", ")}</summary><ul>${Object.entries(responses)
  .map(([status, { description: text = "" }]) => `<li><code>${status}</code> ${prose(text)}</li>`)
  .join("")}</ul></details></section>`;

export const docsPage = (document: unknown): string => {
  const { info, paths = {}, components } = document as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, value]) => ({ method, path, value: value as Operation })),
  );
  const tags = [...new Set(operations.flatMap(({ value }) => value.tags ?? []))];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(info.title)} API</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}h1{margin-bottom:0}h2{border-bottom:2px solid #dde5ec;margin-top:2.5rem}
section{border:1px solid #dde5ec;border-radius:6px;padding:.2rem 1rem .8rem;margin:1rem 0}code{background:#f1f5f8;padding:.1rem .3rem;border-radius:3px}.post{background:#d9f2e3}.get{background:#dcebfb}.delete{background:#fbdcdc}
pre{overflow:auto;background:#f7f9fb;padding:.8rem;font-size:13px}summary{cursor:pointer;color:#35506b}nav{display:flex;flex-wrap:wrap;gap:0 1rem}h3 code{overflow-wrap:anywhere}</style></head><body>
<h1>${escapeHtml(info.title)} API</h1><p>${prose(info.description ?? "")} Version ${escapeHtml(info.version)}. <a href="/api/public/openapi.json">openapi.json</a></p>
<p>Send <code>Authorization: Basic base64(publicKey:secretKey)</code>, or <code>Bearer secretKey</code>. Errors are <code>application/problem+json</code> with a stable <code>code</code>.</p>
<nav>${tags.map((tag) => `<a href="#tag-${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join("")}<a href="#schemas">Schemas</a></nav>
${tags
  .map(
    (tag) =>
      `<h2 id="tag-${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${operations
        .filter(({ value }) => value.tags?.includes(tag))
        .map(({ method, path, value }) => operation(method, path, value))
        .join("")}`,
  )
  .join("")}
<h2 id="schemas">Schemas</h2>${Object.entries(components?.schemas ?? {})
    .map(([name, schema]) => `<details><summary>${escapeHtml(name)}</summary>${pretty(schema as Schema)}</details>`)
    .join("")}</body></html>`;
};
