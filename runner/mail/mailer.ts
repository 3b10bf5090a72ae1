/** Stage 7, notify: sends mail by SMTP. Translates failures to AppErrors by reply code, never by its text. */
import { createTransport, type SMTPTransportOptions as SMTPOptions } from "nodemailer";
import { AppError } from "../../core/errors.ts";

type Mail = { to: string; subject: string; text: string; html: string; messageId: string };
export type Mailer = {
  send: (mail: Mail) => Promise<void>;
  /** Connects and logs in, and sends nothing. */
  verify: () => Promise<void>;
};

/** Creates the transport of a process. Opens a connection per mail. Each step times out after 30 s. */
export const createMailer = ({ url, from }: { url: string; from: string }): Mailer => {
  const transport = createTransport({ url, connectionTimeout: 30_000, greetingTimeout: 30_000, socketTimeout: 30_000 } as SMTPOptions, {
    from,
  });
  return {
    send: async (mail) => {
      try {
        await transport.sendMail(mail);
      } catch (cause) {
        throw mailFailure(cause);
      }
    },
    verify: async () => {
      try {
        await transport.verify();
      } catch (cause) {
        throw mailFailure(cause);
      }
    },
  };
};

const mailFailure = (cause: unknown): AppError => {
  const { responseCode } = cause as { responseCode?: number };
  const detail = cause instanceof Error ? cause.message : String(cause);
  // 5xx is the server's final answer (RFC 5321, 4.2.1). The exception is authentication, which the operator may fix.
  const isRejected = responseCode !== undefined && responseCode >= 500 && responseCode !== 530 && responseCode !== 535;
  return new AppError({ code: isRejected ? "MAIL_REJECTED" : "MAIL_UNAVAILABLE", detail, cause });
};
