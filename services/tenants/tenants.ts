/** Organisations, projects, users, memberships and keys: made by administrators. */
import { and, desc, eq, sql } from "drizzle-orm";
import type { Role, Scope } from "../../core/auth/scopes.ts";
import { AppError } from "../../core/errors.ts";
import { createId, type IdKind } from "../../core/ids.ts";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, auditLogs, memberships, organizations, projects, users } from "../../db/postgres/schema.ts";

/** The hash by which a secret key is stored and found. */
export type HashSecret = (secretKey: string) => Promise<string>;

/** Chance and time, given by the caller. */
export type TenantDeps = {
  db: Database;
  newId: (kind: IdKind) => string;
  newUuid: () => string;
  hashSecret: HashSecret;
  requestId: string;
};

const audited = async <Row extends { id: string }>(
  deps: TenantDeps,
  resourceType: string,
  scope: { orgId?: string; projectId?: string },
  insert: (tx: Database) => Promise<Row[]>,
): Promise<Row> =>
  deps.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const [row] = await insert(tx);
    if (row === undefined) throw new Error(`${resourceType} was not inserted`);
    await tx.insert(auditLogs).values({
      id: deps.newId("auditLog"),
      type: "ADMIN",
      orgId: scope.orgId ?? null,
      projectId: scope.projectId ?? null,
      resourceType,
      resourceId: row.id,
      action: "create",
      requestId: deps.requestId,
      after: Object.fromEntries(Object.entries(row).filter(([name]) => name !== "fastHashedSecretKey")),
    });
    return row;
  });

export const createOrganization = (deps: TenantDeps, { name }: { name: string }) =>
  audited(deps, "organization", {}, (tx) =>
    tx
      .insert(organizations)
      .values({ id: deps.newId("organization"), name })
      .returning(),
  );

export const createProject = (
  deps: TenantDeps,
  { organizationId, name, runningJobsMax }: { organizationId: string; name: string; runningJobsMax?: number | undefined },
) =>
  audited(deps, "project", { orgId: organizationId }, (tx) =>
    tx
      .insert(projects)
      .values({ id: deps.newId("project"), organizationId, name, runningJobsMax: runningJobsMax ?? null })
      .returning(),
  );

export const createUser = (deps: TenantDeps, { email, name }: { email: string; name?: string | undefined }) =>
  audited(deps, "user", {}, (tx) =>
    tx
      .insert(users)
      .values({ id: deps.newId("user"), email, name: name ?? null })
      .onConflictDoUpdate({ target: users.email, set: { updatedAt: sql`now()` } })
      .returning(),
  );

export const createMembership = (
  deps: TenantDeps,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: Role },
) =>
  audited(deps, "membership", { orgId: organizationId }, (tx) =>
    tx
      .insert(memberships)
      .values({ id: deps.newId("membership"), organizationId, userId, role })
      .onConflictDoUpdate({ target: [memberships.organizationId, memberships.userId], set: { role, updatedAt: sql`now()` } })
      .returning(),
  );

export const hasProject = async (db: Database, id: string): Promise<boolean> =>
  (await db.select({ id: projects.id }).from(projects).where(eq(projects.id, id))).length > 0;

/** The secret is in the answer and nowhere else: only its hash is stored. */
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

/** The key would do nothing, and begin to when its user joins. Throws INVALID_REQUEST; of ids that nobody knows the foreign keys tell. */
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
      fields: [{ path: "userId", message: "This user is no member of the project's organisation." }],
    });
};

export const deleteApiKey = async (deps: TenantDeps, id: string): Promise<boolean> =>
  deps.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const [row] = await tx.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id, projectId: apiKeys.projectId });
    if (row === undefined) return false;
    await tx.insert(auditLogs).values({
      id: deps.newId("auditLog"),
      type: "ADMIN",
      projectId: row.projectId,
      resourceType: "apiKey",
      resourceId: id,
      action: "delete",
      requestId: deps.requestId,
    });
    return true;
  });

const listRowsMax = 1000;

/** Administrators see everything, newest first, up to 1,000 rows; key hashes are left out. */
export const listTenants = {
  organizations: (db: Database) => db.select().from(organizations).orderBy(desc(organizations.createdAt)).limit(listRowsMax),
  projects: (db: Database) => db.select().from(projects).orderBy(desc(projects.createdAt)).limit(listRowsMax),
  users: (db: Database) => db.select().from(users).orderBy(desc(users.createdAt)).limit(listRowsMax),
  memberships: (db: Database) => db.select().from(memberships).orderBy(desc(memberships.createdAt)).limit(listRowsMax),
  apiKeys: async (db: Database) => {
    const rows = await db.select().from(apiKeys).orderBy(desc(apiKeys.createdAt)).limit(listRowsMax);
    return rows.map(({ fastHashedSecretKey: _hash, ...row }) => row);
  },
};

/** One organisation, project, user, membership and key with every scope, for a new stack or a test. */
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
