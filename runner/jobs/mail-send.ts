/**
 * mail.send: sends one mail about one export, integration or webhook endpoint, or with a sign-in link, and is retried by itself. A failure
 * changes none of them. May run twice: the Message-ID is the same, and of two sign-in links the newer works.
 */

import { signInMail } from "../../core/auth/mail-text.ts";
import { type ErrorCode, errorTable } from "../../core/errors.ts";
import { exportMail } from "../../core/exports/mail-text.ts";
import { faultHelp } from "../../core/integrations/fault-help.ts";
import { integrationMail } from "../../core/integrations/mail-text.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { MailText } from "../../core/mail-page.ts";
import { webhookMail } from "../../core/webhooks/mail-text.ts";
import type { Database } from "../../db/postgres/client.ts";
import { signInPath } from "../../services/accounts/create-console-link.ts";
import { issueSignInToken } from "../../services/accounts/issue-sign-in-token.ts";
import { findExportMail } from "../../services/exports/find-export-mail.ts";
import { findOwnerMail } from "../../services/tenants/find-owner-mail.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { SettleGrouped } from "../queue/group-settlements.ts";

export type MailHandlerDeps = {
  db: Database;
  settleGrouped: SettleGrouped;
  log: Log;
  /** Null if no SMTP server is configured. */
  mailer: Mailer | null;
  publicUrl: string | null;
  /** Makes the token of a sign-in link. */
  newToken: () => string;
};

export const createMailHandler = ({ db, settleGrouped, log, mailer, publicUrl, newToken }: MailHandlerDeps): Handler => {
  const settle: Handler["settle"] = async (job, outcome) => (await settleGrouped(job, outcome)) !== undefined;
  return {
    settle,
    run: async ({ job }) => {
      const payload = jobKinds["mail.send"].payload.parse(job.payload);
      const mail = "signInLinkId" in payload ? await mailOfLink(db, newToken(), payload) : await mailOf(db, publicUrl, payload);
      if (mailer === null) log("info", "mail_disabled", { ...jobFields(job), ...aboutOf(payload) });
      else if (mail !== undefined) await mailer.send({ ...mail, messageId: `<${job.id}@spillway>` });
      if (!(await settle(job, { state: jobState.completed }))) throw new LeaseLost();
    },
  };
};

type MailPayload = JobPayload<"mail.send">;
type Written = MailText & { to: string };

const mailOf = (
  db: Database,
  publicUrl: string | null,
  payload: Exclude<MailPayload, { signInLinkId: string }>,
): Promise<Written | undefined> => {
  if ("batchExportId" in payload) return mailOfExport(db, publicUrl, payload);
  return "integrationId" in payload ? mailOfIntegration(db, publicUrl, payload) : mailOfEndpoint(db, publicUrl, payload);
};

const aboutOf = (payload: MailPayload): Record<string, string> => {
  if ("signInLinkId" in payload) return { sign_in_link_id: payload.signInLinkId };
  if ("batchExportId" in payload) return { batch_export_id: payload.batchExportId };
  return "integrationId" in payload ? { integration_id: payload.integrationId } : { webhook_endpoint_id: payload.webhookEndpointId };
};

const mailOfLink = async (
  db: Database,
  token: string,
  { signInLinkId, publicUrl }: Extract<MailPayload, { signInLinkId: string }>,
): Promise<Written | undefined> => {
  const about = await issueSignInToken(db, signInLinkId, token);
  if (about === undefined) return undefined;
  const { email, name, invitation, expiresAt } = about;
  return { to: email, ...signInMail({ userName: name, invitation, expiresAt, link: `${publicUrl}${signInPath(token)}` }) };
};

const mailOfExport = async (
  db: Database,
  publicUrl: string | null,
  { batchExportId, event }: Extract<MailPayload, { batchExportId: string }>,
): Promise<Written | undefined> => {
  const about = await findExportMail(db, batchExportId);
  if (about === undefined) return undefined;
  const { manifest, errorCode } = about;
  const mail = exportMail({
    ...about,
    event,
    exportId: about.id,
    rows: manifest?.rows ?? 0,
    bytes: manifest?.bytes ?? 0,
    truncated: manifest?.truncated ?? false,
    rowLimit: manifest?.rowLimit ?? 0,
    files: manifest?.files.map(({ name }) => name) ?? [],
    error:
      errorCode === null
        ? null
        : {
            code: errorCode,
            message: about.log ?? "",
            help: Object.hasOwn(errorTable, errorCode) ? errorTable[errorCode as ErrorCode].help : "",
          },
    publicUrl,
  });
  return { to: about.email, ...mail };
};

const mailOfIntegration = async (
  db: Database,
  publicUrl: string | null,
  { integrationId, userId, ...told }: Extract<MailPayload, { integrationId: string }>,
): Promise<Written | undefined> => {
  const about = await findOwnerMail(db, "integrations", { objectId: integrationId, userId });
  if (about === undefined) return undefined;
  const { email, ...facts } = about;
  return { to: email, ...integrationMail({ ...facts, ...told, integrationId, publicUrl }) };
};

const mailOfEndpoint = async (
  db: Database,
  publicUrl: string | null,
  { webhookEndpointId, userId, error }: Extract<MailPayload, { webhookEndpointId: string }>,
): Promise<Written | undefined> => {
  const about = await findOwnerMail(db, "webhook_endpoints", { objectId: webhookEndpointId, userId });
  if (about === undefined) return undefined;
  const { email, ...facts } = about;
  return {
    to: email,
    ...webhookMail({ ...facts, endpointId: webhookEndpointId, error: { ...error, help: faultHelp(error.code) }, publicUrl }),
  };
};
