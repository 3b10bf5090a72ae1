/**
 * mail.send: sends one mail about one export, integration or webhook endpoint and is retried by itself. A failure changes none of them. May
 * run twice: the Message-ID is the same.
 */

import { type ErrorCode, errorTable } from "../../core/errors.ts";
import { exportMail } from "../../core/exports/mail-text.ts";
import { faultHelp } from "../../core/integrations/fault-help.ts";
import { integrationMail } from "../../core/integrations/mail-text.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { MailText } from "../../core/mail-page.ts";
import { webhookMail } from "../../core/webhooks/mail-text.ts";
import type { Database } from "../../db/postgres/client.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { findExportMail } from "../../services/exports/find-export-mail.ts";
import { findOwnerMail } from "../../services/tenants/find-owner-mail.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { Mailer } from "../mail/mailer.ts";

export type MailHandlerDeps = {
  db: Database;
  log: Log;
  /** Null if no SMTP server is configured. */
  mailer: Mailer | null;
  publicUrl: string | null;
};

export const createMailHandler = ({ db, log, mailer, publicUrl }: MailHandlerDeps): Handler => {
  const settle: Handler["settle"] = (job, outcome) =>
    settleJob(db, { id: job.id, leaseId: job.leaseId }, outcome).then((state) => state !== undefined);
  return {
    settle,
    run: async ({ job }) => {
      const payload = jobKinds["mail.send"].payload.parse(job.payload);
      const mail = await mailOf(db, publicUrl, payload);
      if (mailer === null) log("info", "mail_disabled", { ...jobFields(job), ...aboutOf(payload) });
      else if (mail !== undefined) await mailer.send({ ...mail, messageId: `<${job.id}@spillway>` });
      if (!(await settle(job, { state: jobState.completed }))) throw new LeaseLost();
    },
  };
};

type MailPayload = JobPayload<"mail.send">;
type Written = MailText & { to: string };

const mailOf = (db: Database, publicUrl: string | null, payload: MailPayload): Promise<Written | undefined> => {
  if ("batchExportId" in payload) return mailOfExport(db, publicUrl, payload);
  return "integrationId" in payload ? mailOfIntegration(db, publicUrl, payload) : mailOfEndpoint(db, publicUrl, payload);
};

const aboutOf = (payload: MailPayload): Record<string, string> => {
  if ("batchExportId" in payload) return { batch_export_id: payload.batchExportId };
  return "integrationId" in payload ? { integration_id: payload.integrationId } : { webhook_endpoint_id: payload.webhookEndpointId };
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
