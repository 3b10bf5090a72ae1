/** Creates an API key. */
import { and, eq } from "drizzle-orm";
import type { Scope } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, memberships, projects, users } from "../../db/postgres/schema/tenants.ts";
import { audited, type TenantDeps } from "./audited-insert.ts";
import { hasProject } from "./has-project.ts";

/** Returns the secret key, which is not stored: the database has only its hash. */
export const createApiKey = async (
  deps: TenantDeps,
  key: { projectId: string; userId: string; scopes: readonly Scope[]; note?: string | undefined; expiresAt?: Date | undefined },
) => {
  const secretKey = `sk-lf-${deps.newUuid()}`;
  const fastHashedSecretKey = await deps.hashSecret(secretKey);
  const row = await audited(deps, "apiKey", { projectId: key.projectId }, async (tx) => {
    await assertMember(tx, key);
    return tx
      .insert(apiKeys)
      .values({
        id: deps.newId("apiKey"),
        projectId: key.projectId,
        userId: key.userId,
        note: key.note ?? null,
        publicKey: `pk-lf-${deps.newUuid()}`,
        fastHashedSecretKey,
        displaySecretKey: `${secretKey.slice(0, 6)}...${secretKey.slice(-4)}`,
        scopes: [...key.scopes],
        expiresAt: key.expiresAt ?? null,
      })
      .returning();
  });
  const { fastHashedSecretKey: _hash, ...shown } = row;
  return { ...shown, secretKey };
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
