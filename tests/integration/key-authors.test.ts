/** What keys do to keys at the same moment: hand out while they are revoked, and rotate each other. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { createApiKey } from "../../services/tenants/create-api-key.ts";
import type { KeyAuthor } from "../../services/tenants/key-author.ts";
import { revokeApiKey } from "../../services/tenants/revoke-api-key.ts";
import { rotateApiKey } from "../../services/tenants/rotate-api-key.ts";
import { insertActor, newId } from "../support/export-rows.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase;
let db: Database;
beforeAll(async () => {
  open = await openOwnDatabase(4);
  db = open.db;
});
afterAll(() => open.close());

const scopes = ["batchExports:create"] as const;
const depsOf = () => ({
  ...{ db, newId, newUuid: randomUUID, requestId: "test" },
  hashSecret: async (secretKey: string) => hashSecret(secretKey, "salt"),
});

it("a key that expires and is revoked in the middle of a request makes no key that outlives it, and rotates none", async () => {
  const actor = await insertActor(db);
  const author: KeyAuthor = { kind: "key", actor, scopes };
  await execute(db, sql`update api_keys set expires_at = now() + interval '1 hour' where id = ${actor.apiKeyId}`);
  const { projectId } = actor;
  const userId = actor.userId ?? "";
  const admin = { kind: "admin", requestId: "test" } as const;
  const other = await createApiKey(depsOf(), { projectId, userId, scopes }, admin);
  expect(await revokeApiKey(db, { id: actor.apiKeyId ?? "", projectId }, admin)).toBe(true);
  const refused = { code: "UNAUTHENTICATED" };
  await expect(createApiKey(depsOf(), { projectId, userId, scopes }, author)).rejects.toMatchObject(refused);
  await expect(rotateApiKey(depsOf(), { id: other.id, projectId, overlapSeconds: 0 }, author)).rejects.toMatchObject(refused);
  expect(await execute(db, sql`select id, rotated_at as "rotatedAt" from api_keys where project_id = ${projectId}`)).toEqual([
    { id: other.id, rotatedAt: null },
  ]);
});

it("keys that rotate each other at the same moment take their locks in one order", async () => {
  const actor = await insertActor(db);
  const { projectId } = actor;
  const ownId = actor.apiKeyId ?? "";
  const other = await createApiKey(depsOf(), { projectId, userId: actor.userId ?? "", scopes }, { kind: "admin", requestId: "test" });
  const rotating = await db.transaction(async (tx) => {
    // The rotation of the first key by the other one has begun.
    const [first = "", second = ""] = [ownId, other.id].toSorted();
    await execute(tx, sql`select 1 from api_keys where id = ${first} for update`);
    const author: KeyAuthor = { kind: "key", actor: { ...actor, apiKeyId: first }, scopes };
    const rotation = rotateApiKey(depsOf(), { id: second, projectId, overlapSeconds: 60 }, author);
    const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await execute(db, waiting)).length).toBe(1);
    // It goes on with the second one, which the rotation that waits for the first must not hold.
    await execute(tx, sql`select 1 from api_keys where id = ${second} for update nowait`);
    return { rotation };
  });
  expect(await rotating.rotation).toMatchObject({ secretKey: expect.stringMatching(/^sk-lf-/) });
});
