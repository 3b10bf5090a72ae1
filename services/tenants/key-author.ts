/** Who changes API keys: an administrator, or a key or member whose own rights bound what they can hand out. */
import { eq } from "drizzle-orm";
import type { Scope } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys } from "../../db/postgres/schema/tenants.ts";
import { type Actor, writeAdminAudit, writeAudit } from "../audit/write-audit.ts";

/** `scopes`: those the key has at this moment, within its owner's role. */
export type KeyAuthor =
  | { kind: "admin"; requestId: string; operatorId?: string | null }
  | { kind: "key"; actor: Actor; scopes: readonly Scope[] };

export const writeKeyAudit = (
  tx: Database,
  author: KeyAuthor,
  projectId: string,
  entry: { resourceId: string; action: string; before?: unknown; after?: unknown },
): Promise<void> =>
  author.kind === "key"
    ? writeAudit(tx, author.actor, { resourceType: "apiKey", ...entry })
    : writeAdminAudit(
        tx,
        { projectId, requestId: author.requestId, userId: author.operatorId ?? null },
        { resourceType: "apiKey", ...entry },
      );

/**
 * Whoever gets a secret gets its rights. Throws SCOPE_NOT_HELD if they exceed the author's: in scopes, or in time if the author's own key
 * expires. Throws UNAUTHENTICATED if that was revoked since the request was let in.
 */
export const assertWithinAuthor = async (
  tx: Database,
  author: KeyAuthor,
  { scopes, expiresAt }: { scopes: readonly string[]; expiresAt: Date | null },
): Promise<void> => {
  if (author.kind === "admin") return;
  const missing = scopes.filter((scope) => !author.scopes.some((held) => held === scope));
  if (missing.length > 0)
    throw new AppError({
      code: "SCOPE_NOT_HELD",
      message: `You do not have ${missing.join(", ")}: your key lacks it, or the role of its owner does.`,
      fields: [{ path: "scopes", message: `you lack ${missing.join(", ")}` }],
    });
  const { apiKeyId } = author.actor;
  // A person at the console has no key.
  if (apiKeyId === null) return;
  // Locked, so that a revocation answers after what the key still hands out.
  const [own] = await tx.select({ expiresAt: apiKeys.expiresAt }).from(apiKeys).where(eq(apiKeys.id, apiKeyId)).for("key share");
  if (own === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
  const latest = own.expiresAt;
  if (latest !== null && (expiresAt === null || expiresAt > latest))
    throw new AppError({
      code: "SCOPE_NOT_HELD",
      message: `Your key expires at ${latest.toISOString()}: what it hands out must expire by then.`,
      fields: [{ path: "expiresAt", message: `must be at most ${latest.toISOString()}` }],
    });
};
