/** Sessions of people under the attacks of OWASP's session and CSRF cheat sheets, on workerd. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { scopes } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { pruneSignIns } from "../../services/accounts/prune-sign-ins.ts";
import { type Browser, openBrowser, outcome } from "../support/browser.ts";
import { type Member, type Team, usePeople } from "../support/people.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { stack, db, newProject, authorization } = useWholeStack({ withRunner: false });
const { newTeam, join, linkOf, signIn, signedIn, age } = usePeople({ db, apiUrl: () => stack().apiUrl });

const cookieName = "spillway_session";
let team: Team;
beforeAll(async () => {
  team = await newTeam("sessions");
});

const limits = (browser: Browser, project = team.projectId) => browser.open("/api/public/limits", { project });
const account = (browser: Browser) => browser.open("/api/public/account");
const tokenOf = (browser: Browser): string => browser.cookies.get(cookieName) ?? "";
const withToken = (token: string): Browser => {
  const browser = openBrowser(stack().apiUrl);
  browser.cookies.set(cookieName, token);
  return browser;
};

describe("a session", () => {
  it("shows who is signed in, and what the role allows in each project", async () => {
    const { browser, userId, email } = await signedIn(team, "VIEWER");
    const other = await newTeam("another");
    await execute(
      db(),
      sql`insert into memberships (id, org_id, user_id, role) values (${`mem_${randomUUID()}`}, ${other.organizationId}, ${userId}, 'OWNER')`,
    );
    expect((await account(browser)).json).toEqual({
      user: { id: userId, email, name: null },
      session: { id: expect.stringMatching(/^ses_/), expiresAt: expect.stringMatching(/Z$/) },
      isOperator: false,
      organizations: [
        {
          id: other.organizationId,
          name: "another",
          role: "OWNER",
          projects: [{ id: other.projectId, name: "another project", scopes: [...scopes] }],
        },
        {
          id: team.organizationId,
          name: "sessions",
          role: "VIEWER",
          projects: [{ id: team.projectId, name: "sessions project", scopes: ["traces:read"] }],
        },
      ],
    });
  });

  it("is in a cookie that scripts and other sites do not get, and of which the database has the hash alone", async () => {
    const member = await join(team, "OWNER");
    const browser = openBrowser(stack().apiUrl);
    const page = await browser.follow(await linkOf(member));
    expect(page.setCookies).toHaveLength(1);
    expect(page.setCookies[0]?.split("; ").slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=7776000", "Path=/", "SameSite=Lax"]);
    expect(page.headers.get("cache-control")).toBe("no-store");
    const token = tokenOf(browser);
    expect(token).toMatch(/^[\w-]{43}$/);
    const [stored] = await execute<{ text: string }>(
      db(),
      sql`select to_json(s)::text as text from sessions s where user_id = ${member.userId}`,
    );
    expect(stored?.text).not.toContain(token);
    const [{ id } = { id: "" }] = await execute<{ id: string }>(db(), sql`select id from sessions where user_id = ${member.userId}`);
    // Neither the id nor the hash is worth anything.
    const [{ hash } = { hash: "" }] = await execute<{ hash: string }>(db(), sql`select token_hash as hash from sessions where id = ${id}`);
    for (const wrong of [id, hash]) expect(outcome(await account(withToken(wrong)))).toEqual([401, "SESSION_EXPIRED"]);
  });

  it("cannot be fixed: signing in makes a new token, and ends the session that the browser brought along", async () => {
    const [attacker, victim] = [await signedIn(team, "MEMBER"), await join(team, "OWNER")];
    const planted = tokenOf(attacker.browser);
    const browser = withToken(planted);
    await signIn(victim, browser);
    expect(tokenOf(browser)).not.toBe(planted);
    expect(outcome(await account(withToken(planted)))).toEqual([401, "SESSION_EXPIRED"]);
    // A token that the attacker made up becomes no session either.
    const madeUp = withToken("A".repeat(43));
    await signIn(victim, madeUp);
    expect(tokenOf(madeUp)).not.toBe("A".repeat(43));
    expect(outcome(await account(withToken("A".repeat(43))))).toEqual([401, "SESSION_EXPIRED"]);
  });

  it("ends when it has expired, and when it was idle for 30 days; what has ended is pruned", async () => {
    const [expired, idle, alive] = [await signedIn(team, "OWNER"), await signedIn(team, "OWNER"), await signedIn(team, "OWNER")];
    await age(expired.userId, "expires_at", "90 days");
    await age(idle.userId, "last_seen_at", "30 days");
    await age(alive.userId, "last_seen_at", "29 days");
    for (const { browser } of [expired, idle]) {
      expect(outcome(await limits(withToken(tokenOf(browser))))).toEqual([401, "SESSION_EXPIRED"]);
      const seen = await account(browser);
      expect([...outcome(seen), tokenOf(browser)]).toEqual([401, "SESSION_EXPIRED", ""]);
    }
    expect((await limits(alive.browser)).status).toBe(200);
    await pruneSignIns(db());
    const left = await execute<{ userId: string }>(
      db(),
      sql`select user_id as "userId" from sessions where user_id in (${expired.userId}, ${idle.userId}, ${alive.userId})`,
    );
    expect(left).toEqual([{ userId: alive.userId }]);
    // Its use was recorded, so 29 more days do not end it.
    await age(alive.userId, "last_seen_at", "29 days");
    expect((await limits(alive.browser)).status).toBe(200);
  });

  it("ends on the server by signing out, there and everywhere", async () => {
    const member = await join(team, "OWNER");
    const [here, there, elsewhere] = [await signIn(member), await signIn(member), await signIn(member)];
    const stolen = withToken(tokenOf(here));
    const out = await here.open("/api/auth/sign-out", { method: "POST" });
    expect([out.status, here.cookies.size]).toEqual([204, 0]);
    expect(outcome(await account(stolen))).toEqual([401, "SESSION_EXPIRED"]);
    expect(outcome(await account(here))).toEqual([401, "UNAUTHENTICATED"]);
    const { data } = (await there.open("/api/public/account/sessions")).json as {
      data: { id: string; isCurrent: boolean; method: string }[];
    };
    expect(data.map(({ isCurrent, method }) => [isCurrent, method])).toEqual([
      [false, "CONSOLE_LINK"],
      [true, "CONSOLE_LINK"],
    ]);
    const other = data.find(({ isCurrent }) => !isCurrent)?.id ?? "";
    expect((await there.open(`/api/public/account/sessions/${other}`, { method: "DELETE" })).status).toBe(204);
    expect(outcome(await account(elsewhere))).toEqual([401, "SESSION_EXPIRED"]);
    const again = await signIn(member);
    const stranger = await signedIn(team, "OWNER");
    expect((await there.open("/api/public/account/sessions", { method: "DELETE" })).status).toBe(204);
    for (const browser of [withToken(tokenOf(again))]) expect(outcome(await account(browser))).toEqual([401, "SESSION_EXPIRED"]);
    expect((await account(stranger.browser)).status).toBe(200);
  });

  it("of somebody else cannot be seen or ended", async () => {
    const [mine, theirs] = [await signedIn(team, "OWNER"), await signedIn(team, "OWNER")];
    const { session } = (await account(theirs.browser)).json as { session: { id: string } };
    expect(outcome(await mine.browser.open(`/api/public/account/sessions/${session.id}`, { method: "DELETE" }))).toEqual([
      404,
      "NOT_FOUND",
    ]);
    expect((await mine.browser.open("/api/public/account/sessions")).text).not.toContain(session.id);
    expect((await account(theirs.browser)).status).toBe(200);
  });

  it("leaves audit rows in each project that the person can reach", async () => {
    const { browser, userId } = await signedIn(team, "OWNER");
    await browser.open("/api/auth/sign-out", { method: "POST" });
    const rows = await execute<{ action: string; type: string; projectId: string; role: string }>(
      db(),
      sql`select action, type, project_id as "projectId", user_project_role as role from audit_logs where user_id = ${userId} and resource_type = 'session' order by created_at`,
    );
    const shared = { type: "USER", projectId: team.projectId, role: "OWNER" };
    expect(rows).toEqual([
      { action: "create", ...shared },
      { action: "delete", ...shared },
    ]);
  });
});

describe("a request with a session that changes something", () => {
  const comment = { objectType: "TRACE", objectId: "trace", content: "text" };
  const post = (browser: Browser, sent: Parameters<Browser["open"]>[1]) =>
    browser.open("/api/public/comments", { method: "POST", body: comment, project: team.projectId, ...sent });

  it("is refused without Origin and from another one, and changes nothing", async () => {
    const { browser } = await signedIn(team, "OWNER");
    const own = stack().apiUrl;
    const foreign = [
      null,
      "null",
      "https://evil.example",
      `${own}.evil.example`,
      own.replace("http:", "https:"),
      `${own}0`,
      own.replace("127.0.0.1", "localhost"),
    ];
    for (const origin of foreign) {
      expect([origin, ...outcome(await post(browser, { origin }))]).toEqual([origin, 403, "FOREIGN_ORIGIN"]);
      expect(outcome(await browser.open("/api/auth/sign-out", { method: "POST", origin }))).toEqual([403, "FOREIGN_ORIGIN"]);
      expect(outcome(await browser.open("/api/public/account/sessions", { method: "DELETE", origin }))).toEqual([403, "FOREIGN_ORIGIN"]);
      expect(outcome(await browser.open("/api/admin/organizations", { method: "POST", body: { name: "x" }, origin }))).toEqual([
        403,
        "FOREIGN_ORIGIN",
      ]);
    }
    const referer = { referer: `${own}/`, "x-forwarded-host": "evil.example" };
    expect(outcome(await post(browser, { origin: null, headers: referer }))).toEqual([403, "FOREIGN_ORIGIN"]);
    const { data } = (await browser.open("/api/public/comments?objectType=TRACE&objectId=trace", { project: team.projectId })).json as {
      data: unknown[];
    };
    expect(data).toEqual([]);
    expect((await post(browser, {})).status).toBe(201);
  });

  it("is refused as a form sends it: without the project's header", async () => {
    const { browser } = await signedIn(team, "OWNER");
    const form = await browser.open("/api/public/comments", { method: "POST", body: comment });
    expect(outcome(form)).toEqual([400, "PROJECT_REQUIRED"]);
  });

  it("also signs nobody in from another site", async () => {
    const attacker = await join(team, "MEMBER");
    const link = await linkOf(attacker);
    const body = { token: new URL(link, stack().apiUrl).searchParams.get("token") };
    const victim = openBrowser(stack().apiUrl);
    for (const origin of [null, "https://evil.example"])
      expect(outcome(await victim.open("/api/auth/sign-in/verify", { method: "POST", body, origin }))).toEqual([403, "FOREIGN_ORIGIN"]);
    expect(victim.cookies.size).toBe(0);
    expect((await victim.follow(link)).status).toBe(200);
  });
});

describe("a person in a project", () => {
  let member: Member & { browser: Browser };
  beforeAll(async () => {
    member = await signedIn(team, "OWNER");
  });

  it("is asked for it, and gets no other one: unknown and foreign ids are refused alike", async () => {
    const { browser } = member;
    expect(outcome(await browser.open("/api/public/limits"))).toEqual([400, "PROJECT_REQUIRED"]);
    const foreign = await newTeam("foreign");
    const refusals = [];
    for (const project of [foreign.projectId, "prj_none", "", "../x", "x".repeat(200), `${team.projectId}, ${foreign.projectId}`]) {
      const page = await browser.open("/api/public/limits", { project });
      refusals.push([page.status, page.json["code"], page.json["detail"]]);
    }
    expect(new Set(refusals.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify([403, "FORBIDDEN_PROJECT", "You are not a member of this project's organisation"])]),
    );
    expect((await limits(browser)).status).toBe(200);
  });

  it("finds nothing of another project, whatever the id", async () => {
    const foreign = await newProject("foreign-objects");
    const sent = async (path: string, body: unknown): Promise<string> => {
      const response = await fetch(`${stack().apiUrl}/api/public/${path}`, {
        method: "POST",
        headers: { authorization: authorization(foreign), "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return ((await response.json()) as { id: string }).id;
    };
    const exported = await sent("batch-exports", { format: "JSONL", query: { tableName: "traces" } });
    const comment = await sent("comments", { objectType: "TRACE", objectId: "t", content: "theirs" });
    const endpoint = await sent("webhook-endpoints", { name: "theirs", url: "https://example.com/x", eventTypes: ["export.completed"] });
    const key = await sent("api-keys", { scopes: ["traces:read"] });
    const asked: [string, string, unknown?][] = [
      ["GET", `batch-exports/${exported}`],
      ["GET", `batch-exports/${exported}/events`],
      ["POST", `batch-exports/${exported}/cancel`],
      ["DELETE", `batch-exports/${exported}`],
      ["DELETE", `comments/${comment}`],
      ["GET", `webhook-endpoints/${endpoint}`],
      ["PATCH", `webhook-endpoints/${endpoint}`, { name: "mine" }],
      ["POST", `webhook-endpoints/${endpoint}/rotate-secret`, {}],
      ["GET", `api-keys/${key}`],
      ["DELETE", `api-keys/${key}`],
      ["POST", `api-keys/${key}/rotate`, {}],
    ];
    for (const [method, path, body] of asked) {
      const page = await member.browser.open(`/api/public/${path}`, { method, body, project: team.projectId });
      expect([method, path, ...outcome(page)]).toEqual([method, path, 404, "NOT_FOUND"]);
    }
  });

  it("has the rights of the role at that moment: a change and a removal count at once", async () => {
    const { browser, userId } = await signedIn(team, "OWNER");
    const keys = () => browser.open("/api/public/api-keys", { project: team.projectId });
    expect((await keys()).status).toBe(200);
    await execute(db(), sql`update memberships set role = 'MEMBER' where user_id = ${userId}`);
    expect(outcome(await keys())).toEqual([403, "FORBIDDEN_SCOPE"]);
    expect((await browser.open("/api/public/batch-exports", { project: team.projectId })).status).toBe(200);
    await execute(db(), sql`delete from memberships where user_id = ${userId}`);
    expect(outcome(await browser.open("/api/public/batch-exports", { project: team.projectId }))).toEqual([403, "FORBIDDEN_PROJECT"]);
    expect((await account(browser)).json).toMatchObject({ organizations: [] });
  });

  it("is refused what the role lacks: a VIEWER reads traces and nothing else", async () => {
    const { browser } = await signedIn(team, "VIEWER");
    const ask = async (method: string, path: string, body?: unknown) =>
      outcome(await browser.open(`/api/public/${path}`, { method, body, project: team.projectId }));
    expect(await ask("GET", "traces")).toEqual([200, undefined]);
    const refused: [string, string, unknown?][] = [
      ["GET", "batch-exports"],
      ["POST", "batch-exports", { format: "JSONL", query: { tableName: "traces" } }],
      ["GET", "integrations"],
      ["GET", "webhook-endpoints"],
      ["GET", "api-keys"],
      ["GET", "audit-logs"],
      ["GET", "members"],
      ["POST", "invitations", { email: "x@example.com", role: "VIEWER" }],
      ["POST", "comments", { objectType: "TRACE", objectId: "t", content: "x" }],
      ["POST", "scores", { traceId: "t", name: "n", value: 1 }],
      ["DELETE", "traces", { traceIds: ["t"] }],
    ];
    for (const [method, path, body] of refused)
      expect([method, path, ...(await ask(method, path, body))]).toEqual([method, path, 403, "FORBIDDEN_SCOPE"]);
  });

  it("gets the answers that a key gets", async () => {
    const [keyed] = [await newProject("same")];
    const [{ email } = { email: "" }] = await execute<{ email: string }>(
      db(),
      sql`select u.email from users u join memberships m on m.user_id = u.id join projects p on p.org_id = m.org_id where p.id = ${keyed.projectId}`,
    );
    const browser = await signIn({ email });
    const paths = [
      "projects",
      "limits",
      "traces",
      "observations",
      "batch-exports",
      "integrations",
      "webhook-endpoints",
      "models",
      "comments?objectType=TRACE&objectId=t",
      "export-tables",
      "members",
      "invitations",
      "batch-exports/exp_none",
      "traces?limit=0",
    ];
    for (const path of paths) {
      const byKey = await fetch(`${stack().apiUrl}/api/public/${path}`, { headers: { authorization: authorization(keyed) } });
      const bySession = await browser.open(`/api/public/${path}`, { project: keyed.projectId });
      const { requestId: one, ...expected } = (await byKey.json()) as Record<string, unknown>;
      const { requestId: two, ...got } = bySession.json;
      expect([path, bySession.status, got]).toEqual([path, byKey.status, expected]);
      expect(typeof one).toBe(typeof two);
    }
  });

  it("is recorded as such: exports, audit rows and Idempotency-Keys belong to the person", async () => {
    const { browser, userId } = await signedIn(team, "OWNER");
    const body = { format: "JSONL", query: { tableName: "traces" } };
    const create = (as: Browser, key: string) =>
      as.open("/api/public/batch-exports", { method: "POST", body, project: team.projectId, headers: { "idempotency-key": key } });
    const [first, second] = [await create(browser, "once"), await create(browser, "once")];
    expect([first.status, second.status, second.json["id"], second.headers.get("idempotent-replayed")]).toEqual([
      202,
      202,
      first.json["id"],
      "true",
    ]);
    expect(first.json["requestedBy"]).toEqual({ userId, apiKeyId: null });
    // Another person of the same project with the same key makes an export of their own.
    const other = await create(member.browser, "once");
    expect([other.status, other.json["id"] === first.json["id"]]).toEqual([202, false]);
    const audits = await execute(
      db(),
      sql`select type, user_id as "userId", api_key_id as "apiKeyId", user_project_role as role from audit_logs where resource_id = ${first.json["id"]} and action = 'create'`,
    );
    expect(audits).toEqual([{ type: "USER", userId, apiKeyId: null, role: "OWNER" }]);
  });

  it("sees no more of a stream once the session has ended", async () => {
    const { browser } = await signedIn(team, "OWNER");
    const body = { format: "JSONL", query: { tableName: "traces" } };
    const { id } = (await browser.open("/api/public/batch-exports", { method: "POST", body, project: team.projectId })).json;
    const response = await fetch(`${stack().apiUrl}/api/public/batch-exports/${String(id)}/events`, {
      headers: { cookie: `${cookieName}=${tokenOf(browser)}`, "x-spillway-project": team.projectId },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain("event: progress");
    await browser.open("/api/auth/sign-out", { method: "POST" });
    let rest = "";
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) rest += part.value;
    expect(rest).toMatch(/event: problem\ndata: .*"code":"SESSION_EXPIRED"/);
  });

  it("hands out keys within the role, and no more", async () => {
    const made = await member.browser.open("/api/public/api-keys", {
      method: "POST",
      body: { scopes: ["traces:read"] },
      project: team.projectId,
    });
    expect([made.status, typeof made.json["secretKey"]]).toEqual([201, "string"]);
    const as = { authorization: `Bearer ${String(made.json["secretKey"])}` };
    expect((await fetch(`${stack().apiUrl}/api/public/traces`, { headers: as })).status).toBe(200);
  });
});

describe("an Authorization header", () => {
  it("wins over the cookie, right or wrong", async () => {
    const { browser } = await signedIn(team, "OWNER");
    const keyed = await newProject("header");
    const own = await browser.open("/api/public/projects", { project: team.projectId, headers: { authorization: authorization(keyed) } });
    expect(own.json).toMatchObject({ data: [{ id: keyed.projectId }] });
    const wrong = await browser.open("/api/public/projects", { project: team.projectId, headers: { authorization: "Bearer sk-lf-wrong" } });
    expect(outcome(wrong)).toEqual([401, "UNAUTHENTICATED"]);
    const person = await browser.open("/api/public/account", { headers: { authorization: authorization(keyed) } });
    expect(outcome(person)).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("is not asked for with the browser's own dialog", async () => {
    const challenge = async (headers: Record<string, string>) =>
      (await openBrowser(stack().apiUrl).open("/api/public/limits", { headers })).headers.get("www-authenticate");
    expect(await challenge({ "sec-fetch-dest": "empty" })).toBeNull();
    expect(await challenge({})).toContain("Basic");
  });
});

describe("an operator", () => {
  it("may do what the admin key may, under their own name; others may not", async () => {
    const operator = await signIn({ email: "owner@example.com" });
    expect((await account(operator)).json).toMatchObject({ isOperator: true });
    const made = await operator.open("/api/admin/organizations", { method: "POST", body: { name: "made by an operator" } });
    expect(made.status).toBe(201);
    const audits = await execute<{ type: string; email: string }>(
      db(),
      sql`select a.type, u.email from audit_logs a join users u on u.id = a.user_id where a.resource_id = ${made.json["id"]}`,
    );
    expect(audits).toEqual([{ type: "ADMIN", email: "owner@example.com" }]);
    const { browser } = await signedIn(team, "OWNER");
    expect(outcome(await browser.open("/api/admin/users"))).toEqual([403, "FORBIDDEN_OPERATOR"]);
    expect(outcome(await openBrowser(stack().apiUrl).open("/api/admin/users"))).toEqual([401, "UNAUTHENTICATED"]);
  });
});

it("agents' tools take keys alone", async () => {
  const { browser } = await signedIn(team, "OWNER");
  const sent = { method: "POST", project: team.projectId, body: { jsonrpc: "2.0", id: 1, method: "tools/list" } };
  expect(outcome(await browser.open("/mcp", sent))).toEqual([401, "UNAUTHENTICATED"]);
});
