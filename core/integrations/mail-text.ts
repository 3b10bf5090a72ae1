/** Writes the mail about an integration. */
import { instantText, type MailText, mailPage, oneLine } from "../mail-page.ts";
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
    ...(facts.deliveredThrough === null ? [] : [`Everything written before ${instantText(facts.deliveredThrough)} is delivered.`]),
    "Its status and runs:",
  ];
  const text = `${facts.publicUrl ?? ""}${path}`;
  return mailPage(subject, [...lines.map((line) => ({ text: line })), { text, ...(facts.publicUrl === null ? {} : { link: text }) }]);
};
