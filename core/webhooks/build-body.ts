/** Builds the body of a webhook from an outbox event and what is known of its object. */
import type { ExportManifest } from "../exports/manifest.ts";
import { storableForm } from "../storable.ts";
import { type SourcePayload, type WebhookEventType, type WebhookPayload, webhookEventTypes } from "./event-types.ts";

/** Receivers may refuse more than 20 kB; the standard asks for less. */
const bodyBytesMax = 20_000;

export type WebhookSubject = {
  type: WebhookEventType;
  /** When the event happened, ISO 8601 UTC. */
  createdAt: string;
  projectId: string;
  payload: SourcePayload;
  /** Of the export, if it still exists. */
  export: { metadata: Record<string, string> | null; manifest: ExportManifest | null } | null;
  /** Base URL of the API without a trailing slash; empty if unknown, so that addresses are paths. */
  publicUrl: string;
};

/**
 * Returns JSON of less than 20 kB. A manifest, metadata pairs or an error message that do not fit are left out or cut, in this order: all
 * of them can be read at the addresses in `data`. Every attempt sends the same text, since signatures cover its bytes.
 */
export const buildBody = (subject: WebhookSubject): string => {
  const { type, payload, createdAt, projectId } = subject;
  const schema = webhookEventTypes[type].data;
  const encode = (data: Record<string, unknown>): string =>
    JSON.stringify({ type, timestamp: createdAt, data: schema.parse(data) } satisfies WebhookPayload);
  const whole = { projectId, ...payload, ...addressesOf(subject) };
  const smaller: (() => Record<string, unknown>)[] = [
    () => whole,
    () => ({ ...whole, manifest: null }),
    () => ({ ...whole, manifest: null, metadata: null }),
    () => ({ ...whole, manifest: null, metadata: null, ...shortTexts(payload) }),
  ];
  for (const data of smaller) {
    const body = encode(data());
    if (new TextEncoder().encode(body).length < bodyBytesMax) return body;
  }
  throw new Error(`the event ${type} does not fit into ${bodyBytesMax} bytes`);
};

const addressesOf = ({ payload, publicUrl, export: exported }: WebhookSubject): Record<string, unknown> => {
  if (!("batchExportId" in payload)) return { url: `${publicUrl}/api/public/integrations/${payload.integrationId}` };
  const url = `${publicUrl}/api/public/batch-exports/${payload.batchExportId}`;
  return {
    url,
    metadata: exported?.metadata ?? null,
    downloadUrl: `${url}/download`,
    manifestUrl: `${url}/manifest`,
    manifest: exported?.manifest ?? null,
  };
};

const textCharactersMax = 1000;
const short = (text: string): string => storableForm(text.slice(0, textCharactersMax));

const shortTexts = (payload: SourcePayload): Record<string, unknown> => ({
  name: short(payload.name),
  ...("error" in payload && payload.error !== null ? { error: { code: payload.error.code, message: short(payload.error.message) } } : {}),
  ...("manifestKey" in payload && payload.manifestKey !== null ? { manifestKey: short(payload.manifestKey) } : {}),
});
