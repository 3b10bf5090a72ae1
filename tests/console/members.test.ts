/** Members in the console: invitations by mail, roles, leaving, and the rules that the API has for them. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { axeFaults } from "../support/axe.ts";
import { useConsole } from "../support/console.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { type MailBox, startMailBox } from "../support/mail-box.ts";
import type { Team } from "../support/people.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const env: Record<string, string> = { EMAIL_FROM_ADDRESS: "console@example.com" };
let mails: MailBox;
beforeAll(async () => {
  mails = await startMailBox();
  env["SMTP_CONNECTION_URL"] = mails.url;
});
const { whole, people, openLink, openSignedIn } = useConsole({ env });
afterAll(() => mails.stop());

const address = () => `person-${randomUUID()}@example.com`;
const membersOf = ({ projectId }: Team) => `/projects/${projectId}/members`;
const row = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

/** The link of the newest mail to the address, once there are as many. */
const linkTo = async (email: string, count = 1): Promise<string> => {
  await expect.poll(() => mails.mails.filter(({ to }) => to.includes(email)).length, { timeout: waitSeconds * 1000 }).toBe(count);
  return (
    /(?<=http:\/\/[^/]+)\/sign-in\/verify\?token=[\w-]{43}/.exec(mails.mails.findLast(({ to }) => to.includes(email))?.raw ?? "")?.[0] ?? ""
  );
};

const invite = async (page: Page, email: string, role: string): Promise<void> => {
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Mail address").fill(email);
  await dialog.getByLabel("Role").selectOption({ label: role });
  await dialog.getByRole("button", { name: "Send the invitation" }).click();
  await dialog.waitFor({ state: "detached" });
};

describe("an invitation", () => {
  it("is mailed, and its link makes a member with its role, who sees what that role may", async () => {
    const team = await people.newTeam("inviting");
    const owner = await people.join(team, "OWNER");
    const email = address();
    const page = await openSignedIn(owner.email, membersOf(team), {});
    await invite(page, email, "Viewer");
    await row(page, email).getByText("Viewer").waitFor();
    const invited = await openLink(await linkTo(email));
    await invited.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(await invited.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Members" }).count()).toBe(0);
    await page.reload();
    await page.getByRole("table", { name: "Members" }).getByText(email).waitFor();
    await page.getByText("Nobody is invited at the moment").waitFor();
  });

  it("is refused beside the field for a member, an invited address and none", async () => {
    const team = await people.newTeam("refusing");
    const owner = await people.join(team, "OWNER");
    const email = address();
    const page = await openSignedIn(owner.email, membersOf(team), { expectedStatuses: [400, 409, 422] });
    await invite(page, email, "Member");
    await page.getByRole("button", { name: "Invite" }).click();
    const dialog = page.getByRole("dialog");
    for (const [typed, message] of [
      [email, "is invited already"],
      [owner.email, "is a member already"],
      ["nobody", /mail|email/i],
    ] as const) {
      await dialog.getByLabel("Mail address").fill(typed);
      await page.keyboard.press("Enter");
      await dialog.locator(".field-error").getByText(message).waitFor();
      expect(await dialog.getByLabel("Mail address").getAttribute("aria-invalid")).toBe("true");
    }
  });

  it("that is sent again has a new link, and revoked it has none", async () => {
    const team = await people.newTeam("again");
    const owner = await people.join(team, "OWNER");
    const email = address();
    const page = await openSignedIn(owner.email, membersOf(team), { expectedStatuses: [429] });
    await invite(page, email, "Member");
    const first = await linkTo(email);
    // As if no time had passed, however slow the machine is.
    const sentAt = (interval: string) =>
      execute(whole.db(), sql`update invitations set sent_at = now() + ${interval}::interval where email = ${email}`);
    await sentAt("1 hour");
    await page.getByRole("button", { name: `Send again to ${email}` }).click();
    await page.getByText("The invitation was sent less than a minute ago.").waitFor();
    await sentAt("-2 minutes");
    await page.getByRole("button", { name: `Send again to ${email}` }).click();
    await page.getByText("Sent again, with a new link.").waitFor();
    const second = await linkTo(email, 2);
    expect(second).not.toBe(first);
    await page.getByRole("button", { name: `Revoke the invitation of ${email}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("The invitation is revoked.").waitFor();
    for (const link of [first, second]) {
      const refused = await openLink(link, { expectedStatuses: [410] });
      await refused.getByRole("heading", { name: "This link does not sign in" }).waitFor();
    }
  });
});

describe("roles", () => {
  it("are changed by an owner, and count in the next request of that person", async () => {
    const team = await people.newTeam("changing");
    const owner = await people.join(team, "OWNER");
    const other = await people.join(team, "VIEWER");
    const browser = await people.signIn(other);
    const read = async () => (await browser.open("/api/public/batch-exports", { project: team.projectId })).status;
    expect(await read()).toBe(403);
    const page = await openSignedIn(owner.email, membersOf(team), {});
    await page.getByLabel(`Role of ${other.email}`).selectOption({ label: "Member" });
    await page.getByText("The role is changed.").waitFor();
    expect(await read()).toBe(200);
    await page.getByRole("button", { name: `Remove ${other.email}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText(`${other.email} is no member any more.`).waitFor();
    expect(await read()).toBe(403);
  });

  it("of oneself are changed after a question only: a key in the list is enough to choose another", async () => {
    const team = await people.newTeam("own role");
    const [owner] = [await people.join(team, "OWNER"), await people.join(team, "OWNER")];
    const page = await openSignedIn(owner.email, membersOf(team), {});
    const roleNow = async () => {
      const rows = await execute<{ role: string }>(whole.db(), sql`select role from memberships where user_id = ${owner.userId}`);
      return rows[0]?.role;
    };
    const choice = page.getByLabel(`Role of ${owner.email}`);
    await choice.focus();
    await page.keyboard.press("ArrowDown");
    const dialog = page.getByRole("dialog", { name: "Become admin of own role?" });
    await dialog.getByRole("button", { name: "Keep it" }).click();
    expect([await choice.inputValue(), await roleNow()]).toEqual(["OWNER", "OWNER"]);
    await choice.selectOption({ label: "Viewer" });
    await page.getByRole("dialog").getByRole("button", { name: "Change my role" }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(await roleNow()).toBe("VIEWER");
    expect(await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Members" }).count()).toBe(0);
  });

  it("that the API would not let somebody change have no control, and the reason in its place", async () => {
    const team = await people.newTeam("rules");
    const owner = await people.join(team, "OWNER");
    const admin = await people.join(team, "ADMIN");
    const asOwner = await openSignedIn(owner.email, membersOf(team), {});
    await row(asOwner, owner.email).getByText("The last owner stays").waitFor();
    expect(await row(asOwner, owner.email).getByRole("button").count()).toBe(0);
    const asAdmin = await openSignedIn(admin.email, membersOf(team), {});
    await row(asAdmin, owner.email).getByText("Only owners change owners.").waitFor();
    expect(await row(asAdmin, owner.email).getByRole("combobox").count()).toBe(0);
    await asAdmin.getByRole("button", { name: "Invite" }).click();
    expect(await asAdmin.getByRole("dialog").getByLabel("Role").getByRole("option").allTextContents()).toEqual([
      "Admin",
      "Member",
      "Viewer",
    ]);
    await asAdmin.keyboard.press("Escape");
    // Two owners: either may go, and then the other is the last.
    await asOwner.getByLabel(`Role of ${admin.email}`).selectOption({ label: "Owner" });
    await row(asOwner, owner.email).getByRole("button", { name: "Leave" }).click();
    await asOwner.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
    await asOwner.getByText("You are in no project yet").waitFor();
    await asAdmin.reload();
    await row(asAdmin, admin.email).getByText("The last owner stays").waitFor();
  });
});

describe("the account", () => {
  it("ends one session elsewhere, or all of them", async () => {
    const member = await people.join(await people.newTeam("sessions"), "MEMBER");
    const open = () => openSignedIn(member.email, "/", { expectedStatuses: [401] });
    const [here, there, third] = [await open(), await open(), await open()];
    await here.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await here.getByRole("button", { name: /Your account/ }).click();
    await here.getByRole("menuitem", { name: "Your account" }).click();
    await here.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await here.getByText("Signed out there.").waitFor();
    const isSignedIn = async (page: Page) => {
      await page.reload();
      await page.getByRole("heading", { level: 1 }).waitFor();
      return (await page.getByRole("heading", { name: "Overview" }).count()) === 1;
    };
    expect([await isSignedIn(there), await isSignedIn(third)].toSorted()).toEqual([false, true]);
    await here.getByRole("button", { name: "Sign out everywhere" }).click();
    await here.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await here.getByRole("heading", { name: "Sign in to Spillway" }).waitFor();
    expect([await isSignedIn(there), await isSignedIn(third)]).toEqual([false, false]);
  });
});

describe("axe", () => {
  it("finds nothing on members, invitations and their dialogs, light and dark", async () => {
    const team = await people.newTeam("Acme");
    const owner = await people.join(team, "OWNER");
    await people.join(team, "ADMIN");
    await people.join(team, "VIEWER");
    const page = await openSignedIn(owner.email, membersOf(team), { reducedMotion: "reduce" });
    await invite(page, "ada@example.com", "Admin");
    await row(page, "ada@example.com").waitFor();
    const expectNoFaults = async (name: string) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        expect(await axeFaults(page, colorScheme === "light" ? "all" : "colours"), `${name}, ${colorScheme}`).toEqual([]);
        await keepPicture(page, colorScheme === "light" ? name : `${name}-dark`);
      }
    };
    await expectNoFaults("members-invited");
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByRole("dialog").waitFor();
    await expectNoFaults("invite");
  });
});
