/** Sign-in at a company's provider, behind an address with https: the flow with a certified provider, and attacks on it. */
import { createHash, randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { freePort } from "../../local/free-port.ts";
import { type Browser, openBrowser, outcome } from "../support/browser.ts";
import { type OpenIdProvider, type ProviderPerson, startOpenIdProvider } from "../support/openid-provider.ts";
import { type Team, usePeople } from "../support/people.ts";
import { useWholeStack } from "../support/whole-stack.ts";

/** What stands in front of the Worker takes https. */
const publicUrl = "https://spillway.example";
const env: Record<string, string> = { SPILLWAY_PUBLIC_URL: publicUrl, AUTH_CUSTOM_NAME: "Example Inc." };
let provider: OpenIdProvider;
beforeAll(async () => {
  provider = await startOpenIdProvider({ port: await freePort(), redirectUri: `${publicUrl}/api/auth/oidc/callback` });
  Object.assign(env, {
    AUTH_CUSTOM_ISSUER: provider.issuer,
    AUTH_CUSTOM_CLIENT_ID: provider.clientId,
    AUTH_CUSTOM_CLIENT_SECRET: provider.clientSecret,
  });
});
const { stack, db } = useWholeStack({ env, withRunner: false });
afterAll(() => provider.stop());
const { newTeam, join, linkOf } = usePeople({ db, apiUrl: () => stack().apiUrl });

let team: Team;
beforeAll(async () => {
  team = await newTeam();
});

const sessionCookie = "__Host-spillway_session";
const subject = () => `subject-${randomUUID()}`;
const address = () => `person-${randomUUID()}@example.com`;
const account = (browser: Browser) => browser.open("/api/public/account");

/** Goes to the provider and signs in there; returns the address that it sends the browser back to. */
const atProvider = async (browser: Browser, person: ProviderPerson, query = ""): Promise<string> => {
  const started = await browser.open(`/api/auth/oidc/start${query}`);
  expect(started.status).toBe(302);
  return throughProvider(started.headers.get("location") ?? "", person);
};

const throughProvider = async (from: string, person: ProviderPerson): Promise<string> => {
  provider.become(person);
  const there = openBrowser(provider.issuer);
  let at = from;
  for (let steps = 0; !at.startsWith(publicUrl); steps++) {
    if (steps === 5) throw new Error(`the provider does not send back: ${at}`);
    const page = await there.open(new URL(at, provider.issuer).href);
    at = page.headers.get("location") ?? `${page.status} ${page.text}`;
  }
  return at.slice(publicUrl.length);
};

const openConsole = () => openBrowser(stack().apiUrl);
const signIn = async (person: ProviderPerson, query = "", browser = openConsole()) => {
  const page = await browser.open(await atProvider(browser, person, query));
  expect(page.status).toBe(302);
  return { browser, page, location: page.headers.get("location") ?? "" };
};
const failed = (code: string) => expect.stringMatching(new RegExp(`^/sign-in\\?error=${code}&requestId=req_\\w+$`));

describe("sign-in at the provider", () => {
  it("is offered by name", async () => {
    const { json } = await openConsole().open("/api/public/sign-in-methods");
    expect(json).toEqual({ mailLink: true, password: false, oidc: [{ id: "company", name: "Example Inc." }] });
  });

  it("signs in the user of the verified address; from then on the subject counts, whatever becomes of the address", async () => {
    const member = await join(team, "MEMBER", address());
    const person = { subject: subject(), email: member.email.toUpperCase(), emailVerified: true, name: "Ada" };
    const { browser, page, location } = await signIn(person, "?next=%2Fexports%3Fpage%3D2");
    expect(location).toBe("/exports?page=2");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect((await account(browser)).json).toMatchObject({ user: { id: member.userId }, organizations: [{ role: "MEMBER" }] });
    const somebodyElse = await join(team, "OWNER", address());
    const renamed = await signIn({ ...person, email: somebodyElse.email });
    expect((await account(renamed.browser)).json).toMatchObject({ user: { id: member.userId } });
    const unverified = await signIn({ subject: person.subject });
    expect((await account(unverified.browser)).json).toMatchObject({ user: { id: member.userId } });
    const methods = await execute<{ method: string }>(db(), sql`select method from sessions where user_id = ${member.userId}`);
    expect(methods.map(({ method }) => method)).toEqual(["OIDC", "OIDC", "OIDC"]);
  });

  it("lets in who is invited, and nobody else; an address that is not verified proves nothing", async () => {
    const [invited, stranger] = [address(), address()];
    await execute(
      db(),
      sql`insert into invitations (id, org_id, email, role, expires_at) values (${`inv_${randomUUID()}`}, ${team.organizationId}, ${invited}, 'VIEWER', now() + interval '1 day')`,
    );
    const member = await join(team, "OWNER", address());
    for (const { email, emailVerified } of [
      { email: member.email, emailVerified: false },
      { email: member.email, emailVerified: undefined },
      { email: invited, emailVerified: false },
      { email: undefined, emailVerified: true },
    ]) {
      const person = {
        subject: subject(),
        ...(email === undefined ? {} : { email }),
        ...(emailVerified === undefined ? {} : { emailVerified }),
      };
      const { browser, location } = await signIn(person);
      expect([location, browser.cookies.has(sessionCookie)]).toEqual([failed("EMAIL_NOT_VERIFIED"), false]);
    }
    const unknown = await signIn({ subject: subject(), email: stranger, emailVerified: true });
    expect([unknown.location, unknown.browser.cookies.size]).toEqual([failed("NOT_INVITED"), 0]);
    expect((await execute(db(), sql`select 1 from users where email = ${stranger}`)).length).toBe(0);
    const joined = await signIn({ subject: subject(), email: invited, emailVerified: true, name: "Grace" });
    expect((await account(joined.browser)).json).toMatchObject({
      user: { email: invited, name: "Grace" },
      organizations: [{ role: "VIEWER" }],
    });
    expect((await execute(db(), sql`select 1 from invitations where email = ${invited}`)).length).toBe(0);
  });

  it("makes a new session: one that was planted before ends", async () => {
    const member = await join(team, "MEMBER", address());
    const person = { subject: subject(), email: member.email, emailVerified: true };
    const first = await signIn(person);
    const planted = first.browser.cookies.get(sessionCookie) ?? "";
    const { browser } = await signIn(person, "", first.browser);
    expect(browser.cookies.get(sessionCookie)).not.toBe(planted);
    browser.cookies.set(sessionCookie, planted);
    expect(outcome(await account(browser))).toEqual([401, "SESSION_EXPIRED"]);
  });
});

describe("the way back from the provider", () => {
  const victim = async () => ({ subject: subject(), email: (await join(team, "MEMBER", address())).email, emailVerified: true });

  it("leads nowhere in a browser that did not begin, nor with the state of another one", async () => {
    const attacker = openConsole();
    const theirs = await atProvider(attacker, await victim());
    const fresh = openConsole();
    expect((await fresh.open(theirs)).headers.get("location")).toEqual(failed("OIDC_FAILED"));
    const begun = openConsole();
    await begun.open("/api/auth/oidc/start");
    expect((await begun.open(theirs)).headers.get("location")).toEqual(failed("OIDC_FAILED"));
    for (const browser of [fresh, begun]) expect(browser.cookies.has(sessionCookie)).toBe(false);
    expect((await attacker.open(theirs)).headers.get("location")).toBe("/");
  });

  it("leads nowhere with a state that anybody can compute", async () => {
    const attacker = openConsole();
    const started = new URL((await attacker.open("/api/auth/oidc/start")).headers.get("location") ?? "");
    const part = (name: string) => createHash("sha256").update(`${name}:`).digest("base64url");
    started.searchParams.set("state", part("state"));
    started.searchParams.set("nonce", part("nonce"));
    started.searchParams.set("code_challenge", createHash("sha256").update(part("verifier")).digest("base64url"));
    const back = await throughProvider(started.href, await victim());
    const fresh = openConsole();
    expect((await fresh.open(back)).headers.get("location")).toEqual(failed("OIDC_FAILED"));
    expect(fresh.cookies.has(sessionCookie)).toBe(false);
  });

  it("can be gone once, and not with another issuer, code or an error", async () => {
    const browser = openConsole();
    const flow = async () => {
      const back = new URL(await atProvider(browser, await victim()), publicUrl);
      const kept = browser.cookies.get("__Host-spillway_oidc") ?? "";
      return { back, kept };
    };
    const come = async ({ back, kept }: { back: URL; kept: string }) => {
      browser.cookies.clear();
      browser.cookies.set("__Host-spillway_oidc", kept);
      return (await browser.open(`${back.pathname}${back.search}`)).headers.get("location");
    };
    const used = await flow();
    expect(await come(used)).toBe("/");
    expect(await come(used)).toEqual(failed("OIDC_FAILED"));
    expect(browser.cookies.has(sessionCookie)).toBe(false);
    for (const [name, value] of [
      ["iss", "https://evil.example"],
      ["code", "made-up"],
      ["state", "made-up"],
      ["error", "access_denied"],
    ] as const) {
      const changed = await flow();
      changed.back.searchParams.set(name, value);
      expect([name, await come(changed)]).toEqual([name, failed("OIDC_FAILED")]);
      expect(browser.cookies.has(sessionCookie)).toBe(false);
    }
  });

  it("leads to no other site", async () => {
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const { location } = await signIn(await victim(), `?next=${encodeURIComponent(next)}`);
      expect([next, location]).toEqual([next, "/"]);
    }
  });
});

describe("behind an address with https", () => {
  it("cookies begin with __Host- and have Secure, and only the configured origin counts", async () => {
    const member = await join(team, "OWNER", address());
    const browser = openConsole();
    const body = { token: new URL(await linkOf(member), publicUrl).searchParams.get("token") };
    const verify = (origin: string) => browser.open("/api/auth/sign-in/verify", { method: "POST", body, origin });
    expect(outcome(await verify(stack().apiUrl))).toEqual([403, "FOREIGN_ORIGIN"]);
    const { setCookies } = await verify(publicUrl);
    expect(setCookies[0]).toMatch(/^__Host-spillway_session=[\w-]{43}; /);
    expect(setCookies[0]?.split("; ").slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=7776000", "Path=/", "SameSite=Lax", "Secure"]);
    const token = browser.cookies.get(sessionCookie) ?? "";
    // The name without the prefix, which another host of the domain could plant, is not read.
    const planted = openConsole();
    planted.cookies.set("spillway_session", token);
    expect(outcome(await account(planted))).toEqual([401, "UNAUTHENTICATED"]);
    const [flow] = (await openConsole().open("/api/auth/oidc/start")).setCookies;
    expect(flow?.split("; ").slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]);
    const out = await browser.open("/api/auth/sign-out", { method: "POST", origin: publicUrl });
    expect(out.setCookies[0]).toMatch(/^__Host-spillway_session=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });
});
