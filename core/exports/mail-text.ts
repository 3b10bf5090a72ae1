/** Writes the mail about an export: subject, text and HTML. Names are user input: escaped in HTML, and kept to one line in the subject. */
type ExportMailFacts = {
  event: "completed" | "failed" | "expiring";
  userName: string | null;
  projectName: string;
  exportId: string;
  name: string;
  rows: number;
  bytes: number;
  truncated: boolean;
  rowLimit: number;
  /** File names in order, as the download route serves them. */
  files: readonly string[];
  /** ISO 8601 UTC; null if nothing expires. */
  expiresAt: string | null;
  error: { code: string; message: string; help: string } | null;
  /** Base URL of the API, without a trailing slash; null if unknown. */
  publicUrl: string | null;
};

type MailText = { subject: string; text: string; html: string };

const oneLine = (text: string) => text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
const escapeHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");

const size = (bytes: number) =>
  bytes < 1000
    ? `${bytes} bytes`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : bytes < 1e9
        ? `${(bytes / 1e6).toFixed(1)} MB`
        : `${(bytes / 1e9).toFixed(2)} GB`;

const instant = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

type Line = { text: string; link?: string };

/** Links lead to the download route, which requires the key, so that a forwarded mail reveals nothing. */
export const exportMail = (facts: ExportMailFacts): MailText => {
  const name = oneLine(facts.name);
  const path = `/api/public/batch-exports/${facts.exportId}`;
  const link = (route: string): Line => ({
    text: `${facts.publicUrl ?? ""}${route}`,
    ...(facts.publicUrl === null ? {} : { link: `${facts.publicUrl}${route}` }),
  });
  const downloads = facts.files.map((_, index) => link(`${path}/download${facts.files.length > 1 ? `?file=${index}` : ""}`));
  const lines: Line[] = [{ text: `Hello${facts.userName === null ? "" : ` ${oneLine(facts.userName)}`},` }];
  const about = `“${name}” of the project “${oneLine(facts.projectName)}”`;
  const subjects = {
    completed: `Your export is ready: ${name}`,
    failed: `Your export failed: ${name}`,
    expiring: `Your export is about to expire: ${name}`,
  };
  if (facts.event === "failed") {
    lines.push({ text: `the export ${about} failed.` });
    if (facts.error !== null) lines.push({ text: `${facts.error.code}: ${facts.error.message}. ${facts.error.help}` });
    lines.push({ text: "Its status, and how to run it again:" }, link(path));
  } else {
    lines.push({
      text:
        facts.event === "completed"
          ? `the export ${about} is ready: ${facts.rows.toLocaleString("en")} rows, ${size(facts.bytes)}, ${facts.files.length === 1 ? "one file" : `${facts.files.length} files`}.`
          : `the files of the export ${about} will be deleted soon.`,
    });
    if (facts.truncated)
      lines.push({
        text: `It ends at the limit of ${facts.rowLimit.toLocaleString("en")} rows: there are more. Split it by time to get them all.`,
      });
    lines.push({ text: "Download it with your API key:" }, ...downloads);
    if (facts.expiresAt !== null) lines.push({ text: `The files can be downloaded until ${instant(facts.expiresAt)}.` });
  }
  const html = lines
    .map((line) =>
      line.link === undefined
        ? `<p>${escapeHtml(line.text)}</p>`
        : `<p><a href="${escapeHtml(line.link)}">${escapeHtml(line.text)}</a></p>`,
    )
    .join("\n");
  return {
    subject: subjects[facts.event].slice(0, 200),
    text: `${lines.map(({ text }) => text).join("\n\n")}\n`,
    html: `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subjects[facts.event])}</title></head>\n<body style="font-family: sans-serif; max-width: 40em">\n${html}\n</body></html>\n`,
  };
};
