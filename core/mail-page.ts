/** What all mails share: subject, text and HTML of the same lines. Names in them are user input: escaped in HTML, one line in the subject. */

export type MailText = { subject: string; text: string; html: string };
export type MailLine = { text: string; link?: string };

export const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");

/** An instant in words, to the minute. */
export const instantText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

export const mailPage = (subject: string, lines: readonly MailLine[]): MailText => {
  const html = lines
    .map(({ text, link }) =>
      link === undefined ? `<p>${escapeHtml(text)}</p>` : `<p><a href="${escapeHtml(link)}">${escapeHtml(text)}</a></p>`,
    )
    .join("\n");
  return {
    subject: subject.slice(0, 200),
    text: `${lines.map(({ text }) => text).join("\n\n")}\n`,
    html: `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>\n<body style="font-family: sans-serif; max-width: 40em">\n${html}\n</body></html>\n`,
  };
};
