/**
 * mail.send: sends one mail about one export and is retried by itself. A failure does not change the export. May run twice: the Message-ID
 * is the same.
 */

import { type ErrorCode, errorTable } from "../../core/errors.ts";
import { exportMail } from "../../core/exports/mail-text.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { findExportMail } from "../../services/exports/find-export-mail.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";
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
      const { batchExportId, event } = jobKinds["mail.send"].payload.parse(job.payload);
      const about = await findExportMail(db, batchExportId);
      if (mailer === null) log("info", "mail_disabled", { job_id: job.id, batch_export_id: batchExportId });
      else if (about !== undefined) {
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
        await mailer.send({ to: about.email, ...mail, messageId: `<${job.id}@spillway>` });
      }
      if (!(await settle(job, { state: jobState.completed }))) throw new LeaseLost();
    },
  };
};
