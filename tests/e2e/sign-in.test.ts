/** Signing in by a link in a mail, as a person and as a stranger meet it, with the runner and a mail server. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { pruneSignIns } from "../../services/accounts/prune-sign-ins.ts";
import { openBrowser, outcome, type Page } from "../support/browser.ts";
import { type MailBox, startMailBox } from "../support/mail-box.ts";
import { type Team, usePeople } from "../support/people.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const env: Record<string, string> = { EMAIL_FROM_ADDRESS: "console@example.com" };
let mails: MailBox;
beforeAll(async () => {
  mails = await startMailBox();
  env["SMTP_CONNECTION_URL"] = mails.url;
});
const { stack, db } = useWholeStack({ env });
afterAll(() => mails.stop());
const { newTeam, join, linkOf, signIn } = usePeople({ db, apiUrl: () => stack().apiUrl });

let team: Team;
beforeAll(async () => {
  team = await newTeam();
});

const address = () => `person-${randomUUID()}@example.com`;
const browser = () => openBrowser(stack().apiUrl);
const request = (body: unknown, headers: Record<string, string> = {}): Promise<Page> =>
  browser().open("/api/auth/sign-in/mail-link", { method: "POST", body, headers });
/** Of the newest mail to the address, once there are as many. */
const mailTo = async (email: string, count = 1) => {
  await expect.poll(() => mails.mails.filter(({ to }) => to.includes(email)).length, { timeout: waitSeconds * 1000 }).toBe(count);
  return mails.mails.findLast(({ to }) => to.includes(email))?.raw ?? "";
};
const linkIn = (raw: string): string => /http\S+\/sign-in\/verify\?token=[\w-]{43}/.exec(raw)?.[0] ?? "";
const jobsOf = (email: string) =>
  execute<{ state: string }>(
    db(),
    sql`select j.state from jobs j join sign_in_links l on l.id = j.payload->>'signInLinkId' where l.email = ${email.toLowerCase()}`,
  );

describe("a sign-in link by mail", () => {
  it("signs in once, and leads to where the person wanted to go", async () => {
    const { email, userId } = await join(team, "MEMBER", address());
    const asked = await request({ email: ` ${email.toUpperCase()}`.trim(), next: "/exports?status=FAILED#top" });
    expect([asked.status, asked.json]).toEqual([202, {}]);
    const raw = await mailTo(email);
    const link = linkIn(raw);
    expect(link).toContain(`${stack().apiUrl}/sign-in/verify?token=`);
    expect(raw).toMatch(/works once/);
    const token = link.split("=")[1] ?? "";
    const [stored] = await execute<{ text: string }>(
      db(),
      sql`select (select json_agg(l)::text from sign_in_links l) || (select coalesce(json_agg(j), '[]')::text from jobs j) as text`,
    );
    expect(stored?.text).not.toContain(token);
    const person = browser();
    const signedIn = await person.follow(link);
    expect([signedIn.status, signedIn.json]).toEqual([200, { next: "/exports?status=FAILED#top" }]);
    expect((await person.open("/api/public/account")).json).toMatchObject({ user: { id: userId, email } });
    expect(outcome(await browser().follow(link))).toEqual([410, "SIGN_IN_LINK_INVALID"]);
    expect((await execute(db(), sql`select 1 from sessions where user_id = ${userId} and method = 'MAIL_LINK'`)).length).toBe(1);
  });

  it("is not used up by what opens it: scanners of mail servers send GET and HEAD", async () => {
    const { email } = await join(team, "MEMBER", address());
    await request({ email });
    const link = linkIn(await mailTo(email));
    for (const method of ["GET", "HEAD"])
      for (const path of [link.replace(stack().apiUrl, ""), `/api/auth/sign-in/verify?token=${link.split("=")[1]}`])
        expect((await browser().open(path, { method })).setCookies).toEqual([]);
    expect((await browser().follow(link)).status).toBe(200);
  });

  it("of two at once signs in one", async () => {
    const member = await join(team, "MEMBER");
    const link = await linkOf(member);
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser().follow(link)));
    expect(pages.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(7).fill(410)]);
    expect((await execute(db(), sql`select 1 from sessions where user_id = ${member.userId}`)).length).toBe(1);
  });

  it("ends after 15 minutes, and when a newer one is used; tokens that never were are refused alike", async () => {
    const member = await join(team, "MEMBER");
    const [late, older, newer] = [await linkOf(member), await linkOf(member), await linkOf(member)];
    const [term] = await execute<{ minutes: number }>(
      db(),
      sql`select extract(epoch from expires_at - created_at)::int / 60 as minutes from sign_in_links where user_id = ${member.userId} limit 1`,
    );
    expect(term?.minutes).toBe(15);
    await execute(
      db(),
      sql`update sign_in_links set expires_at = now() where id = (select id from sign_in_links where user_id = ${member.userId} order by created_at limit 1)`,
    );
    const refused = [await browser().follow(late)];
    expect((await browser().follow(newer)).status).toBe(200);
    refused.push(
      await browser().follow(older),
      await browser().follow(`/x?token=${"A".repeat(43)}`),
      await browser().follow("/x?token=' OR 1=1"),
    );
    for (const page of refused)
      expect([...outcome(page), page.json["detail"], page.setCookies]).toEqual([
        410,
        "SIGN_IN_LINK_INVALID",
        "The sign-in link is not valid any more",
        [],
      ]);
  });

  it("says nothing about who is known: the answer for strangers is the same, and no mail goes out", async () => {
    const known = await join(team, "MEMBER", address());
    const stranger = address();
    const [one, two] = [await request({ email: known.email }), await request({ email: stranger })];
    const shown = ({ status, text, headers, setCookies }: Page) => [status, text, [...headers.keys()].toSorted(), setCookies];
    expect(shown(two)).toEqual(shown(one));
    await mailTo(known.email);
    // The request of the stranger came to its end as well: later mails have gone out.
    const later = await join(team, "MEMBER", address());
    await request({ email: later.email });
    await mailTo(later.email);
    expect(await jobsOf(stranger)).toEqual([]);
    expect(mails.mails.filter(({ to }) => to.includes(stranger))).toEqual([]);
    expect((await execute(db(), sql`select 1 from users where email = ${stranger}`)).length).toBe(0);
  });

  it("is mailed five times in 15 minutes to one address, and asked for thirty times by one visitor", async () => {
    const { email } = await join(team, "MEMBER", address());
    for (let asked = 0; asked < 7; asked++) expect((await request({ email })).status).toBe(202);
    expect((await execute(db(), sql`select 1 from sign_in_links where email = ${email}`)).length).toBe(5);
    const from = { "cf-connecting-ip": "192.0.2.7" };
    for (let asked = 0; asked < 30; asked++) expect((await request({ email: address() }, from)).status).toBe(202);
    const refused = await request({ email: address() }, from);
    expect([...outcome(refused), refused.headers.get("retry-after")]).toEqual([429, "RATE_LIMITED", "900"]);
    expect((await request({ email: address() }, { "cf-connecting-ip": "192.0.2.8" })).status).toBe(202);
  });

  it("is counted also when many are asked for at once", async () => {
    const { email } = await join(team, "MEMBER", address());
    const from = { "cf-connecting-ip": "192.0.2.9" };
    const pages = await Promise.all(Array.from({ length: 24 }, () => request({ email }, from)));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([202]));
    expect((await execute(db(), sql`select 1 from sign_in_links where email = ${email}`)).length).toBe(5);
    const others = await Promise.all(Array.from({ length: 28 }, () => request({ email: address() }, from)));
    expect(others.filter(({ status }) => status === 202).length).toBe(25);
  });

  it("takes no address of another site to go to, and no host of the request", async () => {
    const member = await join(team, "MEMBER", address());
    const hostile = [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "/.//evil.example",
      "\t//evil.example",
      "/\t/evil.example",
      "javascript:alert(1)",
      "evil.example",
      "/x y",
      "",
    ];
    for (const next of hostile) {
      const signedIn = await browser().follow(await linkOf(member, next));
      expect([next, signedIn.json]).toEqual([next, { next: "/" }]);
    }
    await request({ email: member.email, next: "//evil.example\u0000" }, { host: "evil.example", "x-forwarded-host": "evil.example" });
    const link = linkIn(await mailTo(member.email));
    expect(link.startsWith(`${stack().apiUrl}/`)).toBe(true);
    expect((await browser().follow(link)).json).toEqual({ next: "/" });
  });

  it("is refused for what is no address, from another site, and for other bodies", async () => {
    const ask = async (body: unknown, sent = {}) =>
      outcome(await browser().open("/api/auth/sign-in/mail-link", { method: "POST", body, ...sent }));
    for (const email of ["", "no address", "a@b", "a@example.com\nBcc: x@example.com", ["a@example.com"], `${"a".repeat(320)}@example.com`])
      expect(await ask({ email })).toEqual([400, "INVALID_REQUEST"]);
    expect(await ask({ email: "a@example.com" }, { origin: "https://evil.example" })).toEqual([403, "FOREIGN_ORIGIN"]);
    expect(await ask({ email: "a@example.com" }, { headers: { "content-type": "text/plain" } })).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  it("leaves nothing behind: old links are pruned", async () => {
    const email = address();
    await request({ email });
    await execute(db(), sql`update sign_in_links set expires_at = now() - interval '25 hours' where email = ${email}`);
    await pruneSignIns(db());
    expect((await execute(db(), sql`select 1 from sign_in_links where email = ${email}`)).length).toBe(0);
  });
});

describe("the ways to sign in", () => {
  it("are shown without a session", async () => {
    expect((await browser().open("/api/public/sign-in-methods")).json).toEqual({ mailLink: true, password: false, oidc: [] });
    const started = await browser().open("/api/auth/oidc/start");
    expect([started.status, started.headers.get("location")]).toEqual([
      302,
      expect.stringMatching(/^\/sign-in\?error=SIGN_IN_METHOD_DISABLED&requestId=req_\w+$/),
    ]);
  });
});

describe("members and invitations", () => {
  const as = async (role: Role, in_: Team) => {
    const member = await join(in_, role);
    const signedIn = await signIn(member);
    const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
      signedIn.open(`/api/public/${path}`, { method, body, project: in_.projectId, ...(headers === undefined ? {} : { headers }) });
    const [found] = await execute<{ id: string }>(
      db(),
      sql`select id from memberships where org_id = ${in_.organizationId} and user_id = ${member.userId}`,
    );
    return { ...member, browser: signedIn, ask, id: found?.id ?? "" };
  };

  it("an invitation is mailed, and accepted by signing in with its link, once", async () => {
    const own = await newTeam("Example & Söhne");
    const owner = await as("OWNER", own);
    const email = address();
    const made = await owner.ask("POST", "invitations", { email: email.toUpperCase(), role: "MEMBER" });
    expect([made.status, made.json]).toEqual([201, expect.objectContaining({ email, role: "MEMBER", invitedBy: owner.userId })]);
    expect(Date.parse(String(made.json["expiresAt"])) - Date.parse(String(made.json["createdAt"]))).toBe(7 * 86_400_000);
    const raw = await mailTo(email);
    expect(raw).toContain("Example & Söhne");
    const link = linkIn(raw);
    const person = browser();
    expect((await person.follow(link)).status).toBe(200);
    const { json } = await person.open("/api/public/account");
    expect(json).toMatchObject({ user: { email }, organizations: [{ id: own.organizationId, role: "MEMBER" }] });
    expect((await owner.ask("GET", "invitations")).json).toEqual({ data: [] });
    expect(outcome(await browser().follow(link))).toEqual([410, "SIGN_IN_LINK_INVALID"]);
    expect(outcome(await owner.ask("POST", "invitations", { email, role: "VIEWER" }))).toEqual([409, "ALREADY_MEMBER"]);
    const { data } = (await owner.ask("GET", "audit-logs?resourceType=invitation")).json as { data: { action: string; type: string }[] };
    expect(data.map(({ action, type }) => [action, type])).toEqual([
      ["accept", "USER"],
      ["create", "USER"],
    ]);
  });

  it("an invited person may also ask for a link; an invitation that has expired or was revoked lets nobody in", async () => {
    const own = await newTeam();
    const owner = await as("OWNER", own);
    const [asking, expired, revoked] = [address(), address(), address()];
    const ids: Record<string, string> = {};
    for (const email of [asking, expired, revoked])
      ids[email] = String((await owner.ask("POST", "invitations", { email, role: "VIEWER" })).json["id"]);
    await request({ email: asking });
    expect((await browser().follow(linkIn(await mailTo(asking, 2)))).status).toBe(200);
    const [expiredLink, revokedLink] = [linkIn(await mailTo(expired)), linkIn(await mailTo(revoked))];
    await execute(db(), sql`update invitations set expires_at = now() where id = ${ids[expired]}`);
    expect((await owner.ask("DELETE", `invitations/${ids[revoked]}`)).status).toBe(204);
    for (const link of [expiredLink, revokedLink]) expect(outcome(await browser().follow(link))).toEqual([410, "SIGN_IN_LINK_INVALID"]);
    expect((await execute(db(), sql`select 1 from users where email in (${expired}, ${revoked})`)).length).toBe(0);
  });

  it("an invitation is sent again with a new link, at most once a minute, and not twice to one address", async () => {
    const own = await newTeam();
    const owner = await as("OWNER", own);
    const email = address();
    const { id } = (await owner.ask("POST", "invitations", { email, role: "VIEWER" })).json;
    const first = linkIn(await mailTo(email));
    expect(outcome(await owner.ask("POST", "invitations", { email, role: "ADMIN" }))).toEqual([409, "ALREADY_INVITED"]);
    const early = await owner.ask("POST", `invitations/${id}/resend`);
    expect([...outcome(early), Number(early.headers.get("retry-after")) > 0]).toEqual([429, "RATE_LIMITED", true]);
    await execute(db(), sql`update invitations set sent_at = now() - interval '1 minute', expires_at = now() where id = ${id}`);
    expect((await owner.ask("POST", `invitations/${id}/resend`)).status).toBe(200);
    const second = linkIn(await mailTo(email, 2));
    expect(outcome(await browser().follow(first))).toEqual([410, "SIGN_IN_LINK_INVALID"]);
    expect((await browser().follow(second)).status).toBe(200);
  });

  it("an address is sent one invitation in a minute, also if each is revoked before the next", async () => {
    const owner = await as("OWNER", await newTeam());
    const email = address();
    const invite = () => owner.ask("POST", "invitations", { email, role: "VIEWER" });
    const { id } = (await invite()).json;
    expect((await owner.ask("DELETE", `invitations/${id}`)).status).toBe(204);
    const early = await invite();
    expect([...outcome(early), Number(early.headers.get("retry-after")) > 0]).toEqual([429, "RATE_LIMITED", true]);
    await execute(db(), sql`update audit_logs set created_at = created_at - interval '1 minute' where resource_id = ${id}`);
    expect((await invite()).status).toBe(201);
  });

  it("an ADMIN manages members, and makes, changes, removes and invites no OWNER", async () => {
    const own = await newTeam();
    const [owner, admin, member] = [await as("OWNER", own), await as("ADMIN", own), await join(own, "MEMBER")];
    const { data } = (await admin.ask("GET", "members")).json as { data: { id: string; userId: string; role: string }[] };
    const id = data.find(({ userId }) => userId === member.userId)?.id ?? "";
    const refused = [403, "ROLE_NOT_HELD"];
    expect(outcome(await admin.ask("PATCH", `members/${id}`, { role: "OWNER" }))).toEqual(refused);
    expect(outcome(await admin.ask("PATCH", `members/${admin.id}`, { role: "OWNER" }))).toEqual(refused);
    expect(outcome(await admin.ask("PATCH", `members/${owner.id}`, { role: "VIEWER" }))).toEqual(refused);
    expect(outcome(await admin.ask("DELETE", `members/${owner.id}`))).toEqual(refused);
    expect(outcome(await admin.ask("POST", "invitations", { email: address(), role: "OWNER" }))).toEqual(refused);
    const invited = (await owner.ask("POST", "invitations", { email: address(), role: "OWNER" })).json["id"];
    expect(outcome(await admin.ask("DELETE", `invitations/${invited}`))).toEqual(refused);
    expect(outcome(await admin.ask("POST", `invitations/${invited}/resend`))).toEqual(refused);
    expect((await admin.ask("PATCH", `members/${id}`, { role: "ADMIN" })).json).toMatchObject({ role: "ADMIN", email: member.email });
    expect((await admin.ask("DELETE", `members/${id}`)).status).toBe(204);
    expect(outcome(await admin.ask("DELETE", `members/${id}`))).toEqual([404, "NOT_FOUND"]);
    const { data: audits } = (await owner.ask("GET", `audit-logs?resourceId=${id}`)).json as { data: { action: string; userId: string }[] };
    expect(audits.map(({ action, userId }) => [action, userId])).toEqual([
      ["delete", admin.userId],
      ["update", admin.userId],
    ]);
  });

  it("the last OWNER stays: nobody can leave an organisation without one, not even two at once", async () => {
    const own = await newTeam();
    const [one, two] = [await as("OWNER", own), await as("OWNER", own)];
    const both = await Promise.all([one.ask("DELETE", `members/${two.id}`), two.ask("DELETE", `members/${one.id}`)]);
    expect(both.map(({ status }) => status).toSorted()[0]).toBe(204);
    const left = await execute<{ userId: string }>(
      db(),
      sql`select user_id as "userId" from memberships where org_id = ${own.organizationId}`,
    );
    expect(left).toHaveLength(1);
    const last = left[0]?.userId === one.userId ? one : two;
    expect(outcome(await last.ask("DELETE", `members/${last.id}`))).toEqual([409, "LAST_OWNER"]);
    expect(outcome(await last.ask("PATCH", `members/${last.id}`, { role: "ADMIN" }))).toEqual([409, "LAST_OWNER"]);
    expect((await last.ask("PATCH", `members/${last.id}`, { role: "OWNER" })).status).toBe(200);
  });

  it("of every role leaves by themselves; their sessions have no rights there from then on, and the log says who left", async () => {
    const own = await newTeam();
    const owner = await as("OWNER", own);
    for (const role of ["ADMIN", "MEMBER", "VIEWER"] as const) {
      const { id, userId, browser, ask } = await as(role, own);
      const leave = () => browser.open(`/api/public/account/organizations/${own.organizationId}`, { method: "DELETE" });
      expect((await ask("GET", "models")).status).toBe(200);
      expect((await leave()).status).toBe(204);
      expect((await ask("GET", "models")).status).toBe(403);
      expect(outcome(await leave())).toEqual([404, "NOT_FOUND"]);
      const { data } = (await owner.ask("GET", `audit-logs?resourceId=${id}`)).json as { data: { action: string; userId: string }[] };
      expect(data.map((entry) => [entry.action, entry.userId])).toEqual([["delete", userId]]);
    }
    const stays = await owner.browser.open(`/api/public/account/organizations/${own.organizationId}`, { method: "DELETE" });
    expect(outcome(stays)).toEqual([409, "LAST_OWNER"]);
  });

  it("comment in their own name, and in nobody else's", async () => {
    const own = await newTeam();
    const [owner, member] = [await as("OWNER", own), await as("MEMBER", own)];
    const comment = (authorUserId?: string) =>
      member.ask("POST", "comments", {
        objectType: "TRACE",
        objectId: "trace-1",
        content: "I agree",
        ...(authorUserId && { authorUserId }),
      });
    expect(outcome(await comment(owner.userId))).toEqual([400, "INVALID_REQUEST"]);
    for (const author of [undefined, member.userId]) expect((await comment(author)).json).toMatchObject({ authorUserId: member.userId });
  });

  it("of another organisation cannot be seen or changed", async () => {
    const [mine, theirs] = [await newTeam(), await newTeam()];
    const [owner, other] = [await as("OWNER", mine), await as("OWNER", theirs)];
    const invited = (await other.ask("POST", "invitations", { email: address(), role: "VIEWER" })).json["id"];
    const asked: [string, string, unknown?][] = [
      ["PATCH", `members/${other.id}`, { role: "VIEWER" }],
      ["DELETE", `members/${other.id}`],
      ["DELETE", `invitations/${invited}`],
      ["POST", `invitations/${invited}/resend`],
    ];
    for (const [method, path, body] of asked)
      expect([method, path, ...outcome(await owner.ask(method, path, body))]).toEqual([method, path, 404, "NOT_FOUND"]);
    expect((await owner.ask("GET", "members")).text).not.toContain(other.email);
    expect((await owner.ask("GET", "invitations")).json).toEqual({ data: [] });
  });
});
