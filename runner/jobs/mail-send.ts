/**
 * mail.send: sends one mail about one export or integration and is retried by itself. A failure changes neither. May run twice: the
 * Message-ID is the same.
 */

import { type ErrorCode, errorTable } from "../../core/errors.ts";
import { exportMail } from "../../core/exports/mail-text.ts";
import { integrationMail } from "../../core/integrations/mail-text.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { findExportMail } from "../../services/exports/find-export-mail.ts";
import { findIntegrationMail } from "../../services/integrations/find-integration-mail.ts";
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
      const mail =
        "batchExportId" in payload ? await mailOfExport(db, publicUrl, payload) : await mailOfIntegration(db, publicUrl, payload);
      if (mailer === null) {
        const about = "batchExportId" in payload ? { batch_export_id: payload.batchExportId } : { integration_id: payload.integrationId };
        log("info", "mail_disabled", { ...jobFields(job), ...about });
      } else if (mail !== undefined) await mailer.send({ ...mail, messageId: `<${job.id}@spillway>` });
      if (!(await settle(job, { state: jobState.completed }))) throw new LeaseLost();
    },
  };
};

type MailPayload = JobPayload<"mail.send">;
type Written = { to: string; subject: string; text: string; html: string };

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
  const about = await findIntegrationMail(db, { integrationId, userId });
  if (about === undefined) return undefined;
  const { email, ...facts } = about;
  return { to: email, ...integrationMail({ ...facts, ...told, integrationId, publicUrl }) };
};
