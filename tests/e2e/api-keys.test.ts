/** API keys as their owners manage them. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { stack, db, newProject, authorization } = useWholeStack({ withRunner: false });

type Json = Record<string, unknown>;
type Key = { id: string; publicKey: string; secretKey: string };
const basic = (key: Pick<ProjectKey, "publicKey" | "secretKey">) => authorization(key);

const send = async (method: string, path: string, as: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${stack().apiUrl}/api/${path}`, {
    method,
    headers: { authorization: as, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, json: (text === "" ? {} : JSON.parse(text)) as Json };
};

const created = async (as: Pick<ProjectKey, "publicKey" | "secretKey">, body: Json): Promise<Key & Json> => {
  const { status, json } = await send("POST", "public/api-keys", basic(as), body);
  expect([status, json["code"]]).toEqual([201, undefined]);
  return json as Key & Json;
};
const statusAs = async (authorizationOf: string): Promise<number> => (await send("GET", "public/limits", authorizationOf)).status;
const auditsOf = (id: string) =>
  execute<Json>(
    db(),
    sql`select action, type, project_id as "projectId", api_key_id as "apiKeyId", before::text || after::text as content from audit_logs
      where resource_type = 'apiKey' and resource_id = ${id} order by created_at`,
  );

describe("an API key", () => {
  it("is created with some of the scopes of its creator, shows its secret once, and is listed, shown and revoked", async () => {
    const owner = await newProject("life");
    const made = await send("POST", "public/api-keys", basic(owner), { scopes: ["batchExports:read", "apiKeys:CRUD"], note: "nightly" });
    expect(made).toMatchObject({ status: 201, json: { note: "nightly", lastUsedAt: null, expiresAt: null } });
    expect([made.headers.get("cache-control"), made.headers.get("location")]).toEqual([
      "no-store",
      `/api/public/api-keys/${made.json["id"]}`,
    ]);
    const key = made.json as Key & Json;
    expect(await statusAs(basic(key))).toBe(200);
    const { secretKey, ...shown } = key;
    const got = await send("GET", `public/api-keys/${key.id}`, basic(owner));
    expect(got.json).toEqual({ ...shown, lastUsedAt: expect.stringMatching(/Z$/) });
    const listed = await send("GET", "public/api-keys?limit=1", basic(owner));
    expect(listed.json).toMatchObject({ data: [{ id: key.id }], nextCursor: expect.any(String) });
    const rest = await send("GET", `public/api-keys?cursor=${encodeURIComponent(String(listed.json["nextCursor"]))}`, basic(owner));
    expect(rest.json).toMatchObject({ data: [{ publicKey: owner.publicKey }], nextCursor: null });
    for (const { text } of [got, listed, rest]) expect(text).not.toMatch(/sk-lf-[0-9a-f]{8}|[Hh]ash|[0-9a-f]{64}/);
    expect((await send("DELETE", `public/api-keys/${key.id}`, basic(key))).status).toBe(204);
    expect(await statusAs(basic(key))).toBe(401);
    expect((await send("GET", `public/api-keys/${key.id}`, basic(owner))).status).toBe(404);
    const audits = await auditsOf(key.id);
    expect(audits.map(({ action, type, projectId }) => [action, type, projectId])).toEqual([
      ["create", "API_KEY", owner.projectId],
      ["delete", "API_KEY", owner.projectId],
    ]);
    expect(audits[1]?.["apiKeyId"]).toBe(key.id);
    expect(JSON.stringify(audits)).not.toContain(secretKey);
  });

  it("cannot hand out what it does not have: scopes, its owner's role, or time", async () => {
    const owner = await newProject("bounds");
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const narrow = await created(owner, { scopes: ["apiKeys:CRUD", "traces:read"], expiresAt: soon });
    const refused = async (as: Key, method: string, path: string, body: Json) => {
      const { status, json } = await send(method, path, basic(as), body);
      return [status, json["code"]];
    };
    const create = (body: Json) => refused(narrow, "POST", "public/api-keys", body);
    expect(await create({ scopes: ["batchExports:read"], expiresAt: soon })).toEqual([403, "SCOPE_NOT_HELD"]);
    expect(await create({ scopes: ["traces:read"] })).toEqual([403, "SCOPE_NOT_HELD"]);
    const later = new Date(Date.parse(soon) + 1).toISOString();
    expect(await create({ scopes: ["traces:read"], expiresAt: later })).toEqual([403, "SCOPE_NOT_HELD"]);
    expect(await create({ scopes: ["traces:read"], expiresAt: "2020-01-01T00:00:00Z" })).toEqual([400, "INVALID_REQUEST"]);
    expect(await create({ scopes: ["traces:read"], expiresAt: soon })).toEqual([201, undefined]);
    // A secret of a wider key would give its rights.
    const wide = await created(owner, { scopes: ["batchExports:create"], expiresAt: soon });
    expect(await refused(narrow, "POST", `public/api-keys/${wide.id}/rotate`, {})).toEqual([403, "SCOPE_NOT_HELD"]);
    const without = await created(owner, { scopes: ["traces:read"] });
    expect(await refused(without, "POST", "public/api-keys", { scopes: ["traces:read"] })).toEqual([403, "FORBIDDEN_SCOPE"]);
    await execute(db(), sql`update memberships set role = 'MEMBER' where user_id = (select user_id from api_keys where id = ${narrow.id})`);
    expect(await create({ scopes: ["traces:read"], expiresAt: soon })).toEqual([403, "FORBIDDEN_SCOPE"]);
  });

  it("of an OWNER that manages members is rotated by OWNERs alone: its secret makes owners", async () => {
    const owner = await newProject("owners-key");
    const [project] = await execute<{ organizationId: string }>(
      db(),
      sql`select org_id as "organizationId" from projects where id = ${owner.projectId}`,
    );
    const ofRole = async (role: string): Promise<Key> => {
      const { json: user } = await send("POST", "admin/users", `Bearer ${stack().adminKey}`, {
        email: `${role}-${owner.projectId}@example.com`,
      });
      const membership = { organizationId: project?.organizationId, userId: user["id"], role };
      await send("POST", "admin/memberships", `Bearer ${stack().adminKey}`, membership);
      const key = { projectId: owner.projectId, userId: user["id"], scopes: ["apiKeys:CRUD", "members:CRUD", "traces:read"] };
      return (await send("POST", "admin/api-keys", `Bearer ${stack().adminKey}`, key)).json as unknown as Key;
    };
    const [admin, second] = [await ofRole("ADMIN"), await ofRole("OWNER")];
    const rotate = async (as: Key, id: string) => {
      const { status, json } = await send("POST", `public/api-keys/${id}/rotate`, basic(as), {});
      return [status, json["code"]];
    };
    const managing = await created(owner, { scopes: ["members:CRUD"] });
    expect(await rotate(admin, managing.id)).toEqual([403, "ROLE_NOT_HELD"]);
    const reading = await created(owner, { scopes: ["traces:read"] });
    expect(await rotate(admin, reading.id)).toEqual([200, undefined]);
    expect(await rotate(admin, admin.id)).toEqual([200, undefined]);
    expect(await rotate(second, managing.id)).toEqual([200, undefined]);
  });

  it("gets a new secret by rotation; the former one is valid for the overlap, and no longer", async () => {
    const owner = await newProject("rotate");
    const key = await created(owner, { scopes: ["traces:read"] });
    const rotate = async (body: Json): Promise<Key & Json> => {
      const { status, json } = await send("POST", `public/api-keys/${key.id}/rotate`, basic(owner), body);
      expect(status).toBe(200);
      return json as Key & Json;
    };
    const statuses = (...keys: Key[]) => Promise.all(keys.map((one) => statusAs(basic(one))));
    const second = await rotate({});
    expect([second.id, second.publicKey, second["scopes"]]).toEqual([key.id, key.publicKey, key["scopes"]]);
    const overlapMs = Date.parse(String(second["previousSecretExpiresAt"])) - Date.parse(String(second["rotatedAt"]));
    expect(overlapMs).toBe(86_400_000);
    expect(await statuses(key, second)).toEqual([200, 200]);
    await execute(db(), sql`update api_keys set previous_expires_at = now() where id = ${key.id}`);
    expect(await statuses(key, second)).toEqual([401, 200]);
    const third = await rotate({ overlapSeconds: 60 });
    expect(await statuses(key, second, third)).toEqual([401, 200, 200]);
    const fourth = await rotate({ overlapSeconds: 0 });
    expect(await statuses(second, third, fourth)).toEqual([401, 401, 200]);
    expect((await send("POST", `public/api-keys/${key.id}/rotate`, basic(owner), { overlapSeconds: 604_801 })).status).toBe(400);
    await rotate({});
    await send("DELETE", `public/api-keys/${key.id}`, basic(owner));
    expect(await statuses(fourth)).toEqual([401]);
    const audits = await auditsOf(key.id);
    expect(audits.map(({ action }) => action)).toEqual(["create", "rotate", "rotate", "rotate", "rotate", "delete"]);
    for (const secret of [second, third, fourth]) expect(JSON.stringify(audits)).not.toContain(secret.secretKey);
  });

  it("that has expired is refused, its former secret as well", async () => {
    const owner = await newProject("expiry");
    const key = await created(owner, { scopes: ["traces:read"], expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const { json: rotated } = await send("POST", `public/api-keys/${key.id}/rotate`, basic(owner), {});
    await execute(db(), sql`update api_keys set expires_at = now() where id = ${key.id}`);
    for (const one of [key, rotated as Key]) {
      const { status, json } = await send("GET", "public/limits", basic(one));
      expect([status, json["code"]]).toEqual([401, "API_KEY_EXPIRED"]);
    }
  });

  it("of another project is not found, whatever is asked of it, and stays as it is", async () => {
    const [mine, theirs] = [await newProject("mine"), await newProject("theirs")];
    const key = await created(theirs, { scopes: ["traces:read"] });
    const asked = [
      ["GET", `public/api-keys/${key.id}`],
      ["DELETE", `public/api-keys/${key.id}`],
      ["POST", `public/api-keys/${key.id}/rotate`, {}],
    ] as const;
    for (const [method, path, body] of asked) {
      const [foreign, unknown] = [
        await send(method, path, basic(mine), body),
        await send(method, path.replace(key.id, "key_none"), basic(mine), body),
      ];
      expect([method, foreign.status, foreign.json["code"], foreign.json["detail"]]).toEqual([
        method,
        404,
        "NOT_FOUND",
        unknown.json["detail"],
      ]);
      expect(foreign.text).not.toContain(key.publicKey);
    }
    expect((await send("GET", "public/api-keys", basic(mine))).text).not.toContain(key.id);
    expect(await statusAs(basic(key))).toBe(200);
  });

  it("of any project is rotated and revoked by administrators", async () => {
    const owner = await newProject("admin");
    const key = await created(owner, { scopes: ["traces:read"] });
    const admin = `Bearer ${stack().adminKey}`;
    const rotated = await send("POST", `admin/api-keys/${key.id}/rotate`, admin, { overlapSeconds: 0 });
    expect([rotated.status, await statusAs(basic(key)), await statusAs(basic(rotated.json as Key))]).toEqual([200, 401, 200]);
    expect(rotated.text).not.toMatch(/[Hh]ash|[0-9a-f]{64}/);
    expect((await send("DELETE", `admin/api-keys/${key.id}`, admin)).status).toBe(204);
    expect(await statusAs(basic(rotated.json as Key))).toBe(401);
    expect((await auditsOf(key.id)).map(({ action, type }) => [action, type])).toEqual([
      ["create", "API_KEY"],
      ["rotate", "ADMIN"],
      ["delete", "ADMIN"],
    ]);
  });
});
