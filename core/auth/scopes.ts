/** Authorization: scopes of API keys and the roles that bound them. A key never exceeds its owner's current role; a person has the whole role. */
export const scopes = [
  "batchExports:create",
  "batchExports:read",
  "integrations:CRUD",
  "ingestion:write",
  "traces:read",
  "webhooks:CRUD",
  "comments:CRUD",
  "auditLogs:read",
  "models:CUD",
  "apiKeys:CRUD",
  "members:CRUD",
] as const;
export type Scope = (typeof scopes)[number];

export const roles = ["OWNER", "ADMIN", "MEMBER", "VIEWER"] as const;
export type Role = (typeof roles)[number];

const roleScopes: Record<Role, readonly Scope[]> = {
  OWNER: scopes,
  ADMIN: scopes,
  MEMBER: ["batchExports:create", "batchExports:read", "ingestion:write", "traces:read", "comments:CRUD", "models:CUD"],
  VIEWER: ["traces:read"],
};

/** Returns the key's scopes that its owner's role includes; none if the owner has left. */
export const effectiveScopes = (keyScopes: readonly string[], role: Role | null): Scope[] =>
  role === null ? [] : roleScopes[role].filter((scope) => keyScopes.includes(scope));
