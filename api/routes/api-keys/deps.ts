/** Dependencies of the routes of API keys, and who changes a key. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { TenantDeps } from "../../../services/tenants/audited-insert.ts";
import type { KeyAuthor } from "../../../services/tenants/key-author.ts";
import type { AppEnv, RouteDeps } from "../../deps.ts";

export type KeyDeps = Pick<RouteDeps, "hashSecret" | "newId" | "newUuid" | "nowMs">;

export const tenantDepsOf = (c: Context<AppEnv>, deps: Omit<KeyDeps, "nowMs">): TenantDeps => ({
  db: c.get("db"),
  newId: deps.newId,
  newUuid: deps.newUuid,
  hashSecret: deps.hashSecret,
  requestId: c.get("requestId"),
  operatorId: c.get("operatorId") ?? null,
});

export const authorOf = (c: Context<AppEnv>): KeyAuthor => ({ kind: "key", actor: c.get("actor"), scopes: c.get("scopes") });

/** Project and owner of the calling key, or the person who calls: they become those of a key that is created. */
export const ownerOf = (c: Context<AppEnv>): { projectId: string; userId: string } => {
  const { projectId, userId } = c.get("actor");
  if (userId === null) throw new AppError({ code: "INTERNAL", detail: "a key has an owner, and a session a person" });
  return { projectId, userId };
};
