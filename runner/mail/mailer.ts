/** Stage 7, notify: SMTP. Foreign failures become AppErrors here, from the reply code, never from its text. */
import { createTransport, type SMTPTransportOptions as SMTPOptions } from "nodemailer";
import { AppError } from "../../core/errors.ts";

type Mail = { to: string; subject: string; text: string; html: string; messageId: string };
export type Mailer = { send: (mail: Mail) => Promise<void> };

/** A transport for one process; connections are opened for each mail. Times out after 30 s at each step. */
export const createMailer = ({ url, from }: { url: string; from: string }): Mailer => {
  const transport = createTransport({ url, connectionTimeout: 30_000, greetingTimeout: 30_000, socketTimeout: 30_000 } as SMTPOptions, {
    from,
  });
  return {
    send: async (mail) => {
      try {
        await transport.sendMail(mail);
      } catch (cause) {
        const { responseCode } = cause as { responseCode?: number };
        const detail = cause instanceof Error ? cause.message : String(cause);
        // 5xx is the server's last word (RFC 5321, 4.2.1), except for logging in, which the operator may mend.
        const isRejected = responseCode !== undefined && responseCode >= 500 && responseCode !== 530 && responseCode !== 535;
        throw new AppError({ code: isRejected ? "MAIL_REJECTED" : "MAIL_UNAVAILABLE", detail, cause });
      }
    },
  };
};
