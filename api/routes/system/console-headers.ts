/** Headers of the console's page and files. */

/** Nothing inline runs, and the page loads from and sends to its own origin only. Pictures may be `data:` URLs. */
const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const strict = { "x-content-type-options": "nosniff" };

/** Files of `assets` are named by their content, so a name never gets another one. `console/public/_headers` says the same to Cloudflare. */
export const consoleFileHeaders = {
  assets: { ...strict, "cache-control": "public, max-age=31536000, immutable" },
  static: { ...strict, "cache-control": "public, max-age=3600" },
} as const;

/** The page is asked for anew each time, because it names the files of its version. HTTPS is pinned for a year where it is used. */
export const consolePageHeaders = (url: string): Record<string, string> => ({
  ...strict,
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "content-security-policy": consolePolicy,
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  vary: "accept",
  ...(url.startsWith("https:") ? { "strict-transport-security": "max-age=31536000; includeSubDomains" } : {}),
});

const contentTypes: Record<string, string> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Undefined for what the build never writes. */
export const contentTypeOf = (file: string): string | undefined =>
  /^[\w-][\w.-]*$/.test(file) ? contentTypes[file.split(".").at(-1) ?? ""] : undefined;
