/** Writes the mail about an export. */
import { instantText, type MailLine, type MailText, mailPage, oneLine } from "../mail-page.ts";

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

const size = (bytes: number) =>
  bytes < 1000
    ? `${bytes} bytes`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : bytes < 1e9
        ? `${(bytes / 1e6).toFixed(1)} MB`
        : `${(bytes / 1e9).toFixed(2)} GB`;

/** Links lead to the download route, which requires the key, so that a forwarded mail reveals nothing. */
export const exportMail = (facts: ExportMailFacts): MailText => {
  const name = oneLine(facts.name);
  const path = `/api/public/batch-exports/${facts.exportId}`;
  const link = (route: string): MailLine => ({
    text: `${facts.publicUrl ?? ""}${route}`,
    ...(facts.publicUrl === null ? {} : { link: `${facts.publicUrl}${route}` }),
  });
  const downloads = facts.files.map((_, index) => link(`${path}/download${facts.files.length > 1 ? `?file=${index}` : ""}`));
  const lines: MailLine[] = [{ text: `Hello${facts.userName === null ? "" : ` ${oneLine(facts.userName)}`},` }];
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
    if (facts.expiresAt !== null) lines.push({ text: `The files can be downloaded until ${instantText(facts.expiresAt)}.` });
  }
  return mailPage(subjects[facts.event], lines);
};
