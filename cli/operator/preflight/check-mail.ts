/** Preflight: the mail server. Logs in and sends nothing. */
import { AppError } from "../../../core/errors.ts";
import { createMailer } from "../../../runner/mail/mailer.ts";
import { type CheckResult, failed, ok, runCheck, warning } from "./check-result.ts";

export const checkMail = (mail: { url: string; from: string } | null): Promise<CheckResult> =>
  runCheck("mail", async () => {
    if (mail === null) return warning("mail", "Not configured: no mail is sent.", "Set SMTP_CONNECTION_URL and EMAIL_FROM_ADDRESS.");
    try {
      await createMailer(mail).verify();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return failed(
        "mail",
        "The server does not answer, or refuses user and password.",
        "Correct SMTP_CONNECTION_URL: scheme, user, password, host and port.",
      );
    }
    return ok("mail", "The server accepts us.");
  });
