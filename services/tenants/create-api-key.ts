/** Creates an API key. */
import { and, eq } from "drizzle-orm";
import type { Scope } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, memberships, projects, users } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type ApiKeyRow, apiKeyColumns, displaySecretKey } from "./api-key-columns.ts";
import type { TenantDeps } from "./audited-insert.ts";
import { hasProject } from "./has-project.ts";
import { assertWithinAuthor, type KeyAuthor, writeKeyAudit } from "./key-author.ts";
import { lockProject } from "./lock-project.ts";

/** Of a project, for keys that create keys. An administrator may go beyond. */
const keysMax = 100;

type NewKey = { projectId: string; userId: string; scopes: readonly Scope[]; note?: string | undefined; expiresAt?: Date | undefined };

/**
 * Returns the secret key, which is not stored: the database has only its hash. Without an author, an administrator creates it. Throws
 * SCOPE_NOT_HELD, TOO_MANY_API_KEYS and INVALID_REQUEST.
 */
export const createApiKey = async (
  deps: TenantDeps,
  key: NewKey,
  author: KeyAuthor = { kind: "admin", requestId: deps.requestId, operatorId: deps.operatorId ?? null },
): Promise<ApiKeyRow & { secretKey: string }> => {
  const secretKey = `sk-lf-${deps.newUuid()}`;
  const fastHashedSecretKey = await deps.hashSecret(secretKey);
  const expiresAt = key.expiresAt ?? null;
  return transaction(deps.db, async (tx) => {
    await assertWithinAuthor(tx, author, { scopes: key.scopes, expiresAt });
    if (author.kind === "key") await assertRoom(tx, key.projectId);
    await assertMember(tx, key);
    const [row] = await tx
      .insert(apiKeys)
      .values({
        id: deps.newId("apiKey"),
        projectId: key.projectId,
        userId: key.userId,
        note: key.note ?? null,
        publicKey: `pk-lf-${deps.newUuid()}`,
        fastHashedSecretKey,
        displaySecretKey: displaySecretKey(secretKey),
        scopes: [...key.scopes],
        expiresAt,
      })
      .returning(apiKeyColumns);
    if (row === undefined) throw new Error("an insert without a condition inserts a row");
    await writeKeyAudit(tx, author, key.projectId, { resourceId: row.id, action: "create", after: row });
    return { ...row, secretKey };
  });
};

/** Locks the project, so that concurrent creations are counted one after the other. */
const assertRoom = async (tx: Database, projectId: string): Promise<void> => {
  await lockProject(tx, projectId);
  if ((await tx.$count(apiKeys, eq(apiKeys.projectId, projectId))) >= keysMax)
    throw new AppError({ code: "TOO_MANY_API_KEYS", message: `The project has ${keysMax} API keys, which is the limit.` });
};

/**
 * Refuses an owner who is no member: the key would have no rights, and gain them when the user joins. Throws INVALID_REQUEST. Unknown ids
 * are left to the foreign keys.
 */
const assertMember = async (tx: Database, { projectId, userId }: { projectId: string; userId: string }): Promise<void> => {
  const isKnown =
    (await tx.select({ id: users.id }).from(users).where(eq(users.id, userId))).length > 0 && (await hasProject(tx, projectId));
  const found = await tx
    .select({ id: memberships.id })
    .from(memberships)
    .innerJoin(projects, eq(projects.organizationId, memberships.organizationId))
    .where(and(eq(projects.id, projectId), eq(memberships.userId, userId)));
  if (isKnown && found.length === 0)
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: [{ path: "userId", message: "This user is not a member of the project's organisation." }],
    });
};
