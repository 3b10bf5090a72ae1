/** An SMTP server that keeps what it is sent, and can refuse. */
import { SMTPServer } from "smtp-server";
import { waitSeconds } from "./wait-seconds.ts";

export type MailBox = {
  url: string;
  /** `raw` is the mail as it came, without its quoted-printable line breaks and escapes. */
  mails: { to: string[]; raw: string }[];
  /** Answers the next mails with this reply code; null takes them again. */
  refuse: (code: number | null) => void;
  /** Resolves with the first mail whose text matches, looking for at most `seconds`. */
  find: (pattern: RegExp, seconds?: number) => Promise<{ to: string[]; raw: string }>;
  stop: () => Promise<void>;
};

export const startMailBox = async (): Promise<MailBox> => {
  const mails: MailBox["mails"] = [];
  let refusal: number | null = null;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (refusal !== null) return done(Object.assign(new Error("refused by a test"), { responseCode: refusal }));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: decoded(Buffer.concat(chunks).toString("utf8")) });
        return done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const listener = server.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (code) => {
      refusal = code;
    },
    find: async (pattern, seconds = waitSeconds) => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
        const mail = mails.find(({ raw }) => pattern.test(raw));
        if (mail !== undefined) return mail;
        await new Promise((resolve) => setTimeout(resolve, 80));
      }
      throw new Error(`no mail like ${pattern} among ${mails.length}: ${mails.map(({ raw }) => raw.slice(0, 300)).join("\n---\n")}`);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

const decoded = (raw: string): string =>
  raw.replaceAll("=\r\n", "").replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("=", ""), "hex").toString("utf8"));
