/** Gives an API key a new secret. */
import { and, eq, inArray, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, memberships, projects } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type ApiKeyRow, apiKeyColumns, displaySecretKey } from "./api-key-columns.ts";
import type { TenantDeps } from "./audited-insert.ts";
import { assertWithinAuthor, type KeyAuthor, writeKeyAudit } from "./key-author.ts";

/** `projectId`: null for administrators, who reach every project. */
type Rotation = { id: string; projectId: string | null; overlapSeconds: number };

/**
 * The secret before stays valid for `overlapSeconds`; one that is older ends at once. Id, public key and scopes stay. Returns the new secret,
 * or undefined if there is no such key. Throws SCOPE_NOT_HELD and ROLE_NOT_HELD.
 */
export const rotateApiKey = async (
  deps: Pick<TenantDeps, "db" | "newUuid" | "hashSecret">,
  { id, projectId, overlapSeconds }: Rotation,
  author: KeyAuthor,
): Promise<(ApiKeyRow & { secretKey: string }) | undefined> => {
  const secretKey = `sk-lf-${deps.newUuid()}`;
  const fastHashedSecretKey = await deps.hashSecret(secretKey);
  return transaction(deps.db, async (tx) => {
    const before = await lockKey(tx, { id, projectId }, author);
    if (before === undefined) return undefined;
    await assertWithinAuthor(tx, author, before);
    await assertMakesNoOwners(tx, author, before);
    const [row] = await tx
      .update(apiKeys)
      .set({
        fastHashedSecretKey,
        previousHashedSecretKey: overlapSeconds === 0 ? null : sql`${apiKeys.fastHashedSecretKey}`,
        previousExpiresAt: overlapSeconds === 0 ? null : sql`now() + make_interval(secs => ${overlapSeconds})`,
        rotatedAt: sql`now()`,
        displaySecretKey: displaySecretKey(secretKey),
      })
      .where(eq(apiKeys.id, id))
      .returning(apiKeyColumns);
    if (row === undefined) throw new Error(`the key ${id} is locked and gone`);
    await writeKeyAudit(tx, author, before.projectId, { resourceId: id, action: "rotate", before, after: row });
    return { ...row, secretKey };
  });
};

/** The author's own key is locked with it, in the order of ids: two keys that rotate each other would wait for each other without end. */
const lockKey = async (
  tx: Database,
  { id, projectId }: Pick<Rotation, "id" | "projectId">,
  author: KeyAuthor,
): Promise<ApiKeyRow | undefined> => {
  const own = author.kind === "key" ? author.actor.apiKeyId : null;
  const rows = await tx
    .select(apiKeyColumns)
    .from(apiKeys)
    .where(and(inArray(apiKeys.id, own === null ? [id] : [id, own]), projectId === null ? undefined : eq(apiKeys.projectId, projectId)))
    .orderBy(apiKeys.id)
    .for("update");
  return rows.find((row) => row.id === id);
};

/** A key that manages members does so with the role of its owner: the secret of an OWNER's would let others make owners. Throws ROLE_NOT_HELD. */
const assertMakesNoOwners = async (tx: Database, author: KeyAuthor, { projectId, userId, scopes }: ApiKeyRow): Promise<void> => {
  if (author.kind === "admin" || author.actor.role === "OWNER" || !scopes.includes("members:CRUD")) return;
  const owners = await tx
    .select({ id: memberships.id })
    .from(memberships)
    .innerJoin(projects, eq(projects.organizationId, memberships.organizationId))
    .where(and(eq(projects.id, projectId), eq(memberships.userId, userId), eq(memberships.role, "OWNER")));
  if (owners.length > 0)
    throw new AppError({ code: "ROLE_NOT_HELD", message: "This key belongs to an owner and manages members: only owners can rotate it." });
};
