/** Writes the mails that sign people in: a link that somebody asked for, or an invitation. Names are user input. */
import { instantText, type MailText, mailPage, oneLine } from "../mail-page.ts";
import type { Role } from "./scopes.ts";

type SignInMailFacts = {
  userName: string | null;
  /** Null for a user who has asked for a link. */
  invitation: { organizationName: string; role: Role; inviterName: string | null } | null;
  link: string;
  /** ISO 8601 UTC. */
  expiresAt: string;
};

export const signInMail = ({ userName, invitation, link, expiresAt }: SignInMailFacts): MailText => {
  const until = `The link works once, until ${instantText(expiresAt)}.`;
  if (invitation === null)
    return mailPage("Sign in to Spillway", [
      { text: `Hello${userName === null ? "" : ` ${oneLine(userName)}`},` },
      { text: `this link signs you in to Spillway. ${until}` },
      { text: link, link },
      { text: "If you did not ask for it, ignore this mail: without the link nobody is signed in. Never pass it on." },
    ]);
  const { organizationName, role, inviterName } = invitation;
  const name = oneLine(organizationName);
  return mailPage(`Join ${name} on Spillway`, [
    { text: "Hello," },
    {
      text: `${inviterName === null ? "an administrator" : oneLine(inviterName)} invites you to the organisation “${name}” with the role ${role}. This link accepts the invitation and signs you in. ${until}`,
    },
    { text: link, link },
    { text: "If you do not know the organisation, ignore this mail. Never pass the link on." },
  ]);
};
