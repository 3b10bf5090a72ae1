/** Writes the mail about an integration: subject, text and HTML. Names are user input: escaped in HTML, and kept to one line in the subject. */
import { faultHelp } from "./fault-help.ts";

/** What an integration's owners are told by mail. */
export const integrationMailEvents = ["disabled", "failing", "recovered", "overdue"] as const;
export type IntegrationMailEvent = (typeof integrationMailEvents)[number];

type IntegrationMailFacts = {
  event: IntegrationMailEvent;
  userName: string | null;
  projectName: string;
  integrationId: string;
  name: string;
  error: { code: string; message: string } | null;
  /** ISO 8601 UTC. */
  deliveredThrough: string | null;
  /** Base URL of the API, without a trailing slash; null if unknown. */
  publicUrl: string | null;
};

type MailText = { subject: string; text: string; html: string };

const oneLine = (text: string) => text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
const escapeHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
const instant = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
const withStop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const subjects: Record<IntegrationMailEvent, string> = {
  disabled: "Integration switched off, please act",
  failing: "Integration keeps failing",
  recovered: "Integration works again",
  overdue: "Integration is overdue",
};

const happened = (event: IntegrationMailEvent, about: string): string => {
  switch (event) {
    case "disabled":
      return `the integration ${about} was switched off, because its settings or credentials no longer work. Nothing is lost: it goes on where it stopped once you correct them and resume it.`;
    case "failing":
      return `the integration ${about} has failed several times in turn. It is tried again; what it could not deliver follows later.`;
    case "recovered":
      return `the integration ${about} delivers again and catches up by itself.`;
    case "overdue":
      return `the integration ${about} is behind its schedule by two intervals or more.`;
    default:
      return event satisfies never;
  }
};

/** The link leads to a route that requires the key, so that a forwarded mail reveals nothing. */
export const integrationMail = (facts: IntegrationMailFacts): MailText => {
  const name = oneLine(facts.name);
  const path = `/api/public/integrations/${facts.integrationId}`;
  const subject = `${subjects[facts.event]}: ${name}`;
  const lines = [
    `Hello${facts.userName === null ? "" : ` ${oneLine(facts.userName)}`},`,
    happened(facts.event, `“${name}” of the project “${oneLine(facts.projectName)}”`),
    ...(facts.error === null ? [] : [oneLine(`${facts.error.code}: ${withStop(facts.error.message)} ${faultHelp(facts.error.code)}`)]),
    ...(facts.deliveredThrough === null ? [] : [`Everything written before ${instant(facts.deliveredThrough)} is delivered.`]),
    "Its status and runs:",
  ];
  const link = `${facts.publicUrl ?? ""}${path}`;
  const html = [
    ...lines.map((line) => `<p>${escapeHtml(line)}</p>`),
    facts.publicUrl === null ? `<p>${escapeHtml(link)}</p>` : `<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`,
  ].join("\n");
  return {
    subject: subject.slice(0, 200),
    text: `${[...lines, link].join("\n\n")}\n`,
    html: `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>\n<body style="font-family: sans-serif; max-width: 40em">\n${html}\n</body></html>\n`,
  };
};
