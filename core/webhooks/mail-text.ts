/** Writes the mail about a webhook endpoint that was switched off. Names are user input. */
import { type MailText, mailPage, oneLine } from "../mail-page.ts";

type WebhookMailFacts = {
  userName: string | null;
  projectName: string;
  endpointId: string;
  name: string;
  error: { code: string; message: string; help: string };
  /** Base URL of the API, without a trailing slash; null if unknown. */
  publicUrl: string | null;
};

export const webhookMail = ({ userName, projectName, endpointId, name, error, publicUrl }: WebhookMailFacts): MailText => {
  const path = `/api/public/webhook-endpoints/${endpointId}`;
  const lines = [
    `Hello${userName === null ? "" : ` ${oneLine(userName)}`},`,
    `the webhook endpoint “${oneLine(name)}” of the project “${oneLine(projectName)}” was switched off. Its events are kept for 30 days: enable it, then redeliver those that failed.`,
    oneLine(`${error.code}: ${error.message} ${error.help}`),
    "Its state and deliveries:",
  ].map((text) => ({ text }));
  const link = { text: `${publicUrl ?? ""}${path}`, ...(publicUrl === null ? {} : { link: `${publicUrl}${path}` }) };
  return mailPage(`Webhook endpoint switched off, please act: ${oneLine(name)}`, [...lines, link]);
};
