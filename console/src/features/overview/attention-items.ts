/** What somebody should look at, the worst first: from integrations, webhook endpoints, quotas and exports. */
import type { BatchExportSummary, Integration, Limits, WebhookEndpoint } from "../../generated/types.gen.ts";
import { isNearLimit, quotaText, quotaWords } from "../limits/quota-words.ts";

export type AttentionItem = {
  key: string;
  tone: "danger" | "warning";
  title: string;
  reason: string;
  /** Where it is seen and mended, below the address of the project. */
  path: string;
};

export const integrationItems = (integrations: readonly Integration[]): AttentionItem[] =>
  integrations.flatMap(({ id, name, status }) => {
    const isStopped = status.disabledCode !== null;
    if (!isStopped && status.syncStatus !== "error" && status.overdueSince === null && status.openRejections === 0) return [];
    return [
      {
        key: id,
        tone: isStopped || status.syncStatus === "error" ? ("danger" as const) : ("warning" as const),
        title: `Integration ${name}`,
        reason: status.sentence,
        path: `integrations/${id}`,
      },
    ];
  });

export const endpointItems = (endpoints: readonly WebhookEndpoint[]): AttentionItem[] =>
  endpoints.flatMap(({ id, name, state, fault }) =>
    state === "healthy" || (state === "disabled" && fault === null)
      ? []
      : [
          {
            key: id,
            tone: state === "disabled" ? ("danger" as const) : ("warning" as const),
            title: `Webhook endpoint ${name} ${state === "disabled" ? "is switched off" : "is failing"}`,
            reason: fault?.message ?? "It does not accept deliveries.",
            path: `webhooks/${id}`,
          },
        ],
  );

export const quotaItems = (quotas: Limits["quotas"]): AttentionItem[] =>
  quotas.filter(isNearLimit).map(({ name, used, limit }) => ({
    key: name,
    tone: limit !== null && used >= limit ? "danger" : "warning",
    title: quotaWords[name].title,
    reason: `${quotaText(name, used)} of ${quotaText(name, limit ?? 0)} used.`,
    path: "limits",
  }));

/** Failures of the last day: older ones have been seen, or do not matter. */
const freshMs = 86_400_000;

export const exportItems = (exports: readonly BatchExportSummary[], nowMs: number): AttentionItem[] =>
  exports
    .filter(({ createdAt }) => nowMs - Date.parse(createdAt) < freshMs)
    .map(({ id, name, error }) => ({
      key: id,
      tone: "danger",
      title: `Export ${name} failed`,
      reason: error?.message ?? "",
      path: `exports/${id}`,
    }));

export const worstFirst = (items: readonly AttentionItem[]): AttentionItem[] =>
  items.toSorted((a, b) => Number(b.tone === "danger") - Number(a.tone === "danger"));
