/** What `@spillway/client` gives. Runs wherever `fetch` is: Node, Bun, Deno, Workers and browsers. */
export type { Download, DownloadOptions, ManifestFile } from "./download-export.ts";
export type * from "./generated/types.gen.ts";
export { Paginated } from "./paginated.ts";
export type { RetryOptions } from "./retrying-fetch.ts";
export type { ClientOptions as SpillwayClientOptions, CreateOptions, RequestOptions } from "./send.ts";
export { SpillwayClient } from "./spillway-client.ts";
export { SpillwayError, type SpillwayErrorCode } from "./spillway-error.ts";
export { type VerifyOptions, verifyWebhook, type WebhookHeaders } from "./verify-webhook.ts";
export type { WaitOptions } from "./wait-for-export.ts";
