/** What is audited, in words: types of objects, actions, and who acts. */
import type { AuditLog } from "../../generated/types.gen.ts";

/** Types that a project's log can have, by their names in the API. */
export const resourceTitles: Readonly<Record<string, string>> = {
  apiKey: "API key",
  batchExport: "Export",
  comment: "Comment",
  integration: "Integration",
  invitation: "Invitation",
  membership: "Member",
  model: "Model",
  project: "Project",
  score: "Score",
  trace: "Trace",
  webhookEndpoint: "Webhook endpoint",
};

/** Actions that people look for. The log may have others: the filter takes any. */
export const actions = [
  "create",
  "update",
  "delete",
  "rotate",
  "cancel",
  "complete",
  "fail",
  "download",
  "retry",
  "run",
  "pause",
  "resume",
  "disable",
  "backfill",
  "redeliver",
  "validate",
  "resend",
  "setPlan",
] as const;

export const resourceTitle = (type: string): string => resourceTitles[type] ?? type;

export const authorTitle = (type: string): string =>
  ({ USER: "Person", API_KEY: "API key", RUNNER: "Runner", ADMIN: "Operator" })[type] ?? type;

/** Id of the key or person who acted; null for a runner or the admin key. */
export const authorId = ({ type, apiKeyId, userId }: Pick<AuditLog, "type" | "apiKeyId" | "userId">): string | null =>
  type === "RUNNER" ? null : (apiKeyId ?? userId);
