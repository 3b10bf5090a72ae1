/** Creates everything a first project needs. */
import type { Role, Scope } from "../../core/auth/scopes.ts";
import { createId, type IdKind } from "../../core/ids.ts";
import type { TenantDeps } from "./audited-insert.ts";
import { createApiKey } from "./create-api-key.ts";
import { createMembership } from "./create-membership.ts";
import { createOrganization } from "./create-organization.ts";
import { createProject } from "./create-project.ts";
import { createUser } from "./create-user.ts";

/** Creates one organisation, project, user, membership and key with every scope, for a new stack or a test. */
export const bootstrapProject = async (
  deps: TenantDeps,
  names: { organization: string; project: string; email: string },
  scopes: readonly Scope[],
  role: Role = "OWNER",
) => {
  const organization = await createOrganization(deps, { name: names.organization });
  const project = await createProject(deps, { organizationId: organization.id, name: names.project });
  const user = await createUser(deps, { email: names.email });
  await createMembership(deps, { organizationId: organization.id, userId: user.id, role });
  const key = await createApiKey(deps, { projectId: project.id, userId: user.id, scopes });
  return {
    organizationId: organization.id,
    projectId: project.id,
    userId: user.id,
    keyId: key.id,
    publicKey: key.publicKey,
    secretKey: key.secretKey,
  };
};

export const newIdWith = (nowMs: () => number, randomBytes: (size: number) => Uint8Array) => (kind: IdKind) =>
  createId(kind, nowMs(), randomBytes(16));
