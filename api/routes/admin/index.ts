/** /api/admin: organisations, projects, users, memberships and keys, for holders of the admin key. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { roles, scopes } from "../../../core/auth/scopes.ts";
import { AppError, type ErrorCode } from "../../../core/errors.ts";
import { planNames, QuotaOverrides } from "../../../core/limits/plans.ts";
import { isStorableInstant, notStorable, notStorableInstant, storable } from "../../../core/storable.ts";
import { setProjectPlan } from "../../../services/limits/set-project-plan.ts";
import type { TenantDeps } from "../../../services/tenants/audited-insert.ts";
import { createApiKey } from "../../../services/tenants/create-api-key.ts";
import { createMembership } from "../../../services/tenants/create-membership.ts";
import { createOrganization } from "../../../services/tenants/create-organization.ts";
import { createProject } from "../../../services/tenants/create-project.ts";
import { createUser } from "../../../services/tenants/create-user.ts";
import { listTenants } from "../../../services/tenants/list-tenants.ts";
import { revokeApiKey } from "../../../services/tenants/revoke-api-key.ts";
import { rotateApiKey } from "../../../services/tenants/rotate-api-key.ts";
import type { App, AppEnv, RouteDeps } from "../../deps.ts";
import { tenantDepsOf } from "../api-keys/deps.ts";
import { RotateApiKey } from "../api-keys/resource.ts";
import { adminRoute } from "../declare-route.ts";
import { Email, Id, IdParam, json, jsonRequest } from "../describe.ts";
import { registerAdminQueue } from "./queue.ts";

const Name = z.string().trim().min(1).max(200).refine(storable, notStorable);
const Row = z.record(z.string(), z.unknown()).openapi("AdminResource");

const resources = {
  organizations: { body: z.strictObject({ name: Name }), example: { name: "Example Inc." }, create: createOrganization },
  projects: {
    body: z.strictObject({ organizationId: Id, name: Name, runningJobsMax: z.int().min(1).max(1000).optional() }),
    example: { organizationId: "org-1", name: "Support bot" },
    create: createProject,
  },
  users: {
    body: z.strictObject({ email: Email, name: Name.optional() }),
    example: { email: "ada@example.com", name: "Ada" },
    create: createUser,
  },
  memberships: {
    body: z.strictObject({ organizationId: Id, userId: Id, role: z.enum(roles) }),
    example: { organizationId: "org-1", userId: "usr-1", role: "ADMIN" },
    create: createMembership,
  },
  "api-keys": {
    body: z.strictObject({
      projectId: Id,
      userId: Id,
      scopes: z.array(z.enum(scopes)).min(1),
      note: Name.optional(),
      expiresAt: z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant).optional(),
    }),
    example: { projectId: "prj-1", userId: "usr-1", scopes: ["batchExports:create", "batchExports:read"], note: "Nightly export" },
    create: (
      deps: TenantDeps,
      {
        expiresAt,
        ...key
      }: {
        projectId: string;
        userId: string;
        scopes: (typeof scopes)[number][];
        note?: string | undefined;
        expiresAt?: string | undefined;
      },
    ) => createApiKey(deps, { ...key, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) }),
  },
} as const;

/** Error codes of each creation: NOT_FOUND if its body can hold an unknown id. */
const createCodes: Record<keyof typeof resources, readonly ErrorCode[]> = {
  organizations: [],
  projects: ["NOT_FOUND"],
  users: [],
  memberships: ["NOT_FOUND"],
  "api-keys": ["NOT_FOUND"],
};

const operationIds: Record<keyof typeof resources, { create: string; list: string }> = {
  organizations: { create: "adminCreateOrganization", list: "adminListOrganizations" },
  projects: { create: "adminCreateProject", list: "adminListProjects" },
  users: { create: "adminCreateUser", list: "adminListUsers" },
  memberships: { create: "adminCreateMembership", list: "adminListMemberships" },
  "api-keys": { create: "adminCreateApiKey", list: "adminListApiKeys" },
};

const lists = { ...listTenants, "api-keys": listTenants.apiKeys };

export const registerAdmin = (app: App, deps: Pick<RouteDeps, "hashSecret" | "newId" | "newUuid">): void => {
  const tenantDeps = (c: Context<AppEnv>): TenantDeps => tenantDepsOf(c, deps);
  for (const [name, resource] of Object.entries(resources) as [
    keyof typeof resources,
    { body: z.ZodType; example: unknown; create: (deps: TenantDeps, body: never) => Promise<unknown> },
  ][]) {
    app.openapi(
      adminRoute(
        { codes: createCodes[name], creates: name === "api-keys" ? "secret" : "object" },
        {
          method: "post",
          path: `/api/admin/${name}`,
          operationId: operationIds[name].create,
          tags: ["Administration"],
          summary: `Create in ${name}`,
          request: { body: jsonRequest(resource.body, resource.example) },
          responses: { 201: json(Row, "The created object.") },
        },
      ),
      async (c) => {
        try {
          return c.json((await resource.create(tenantDeps(c), c.req.valid("json") as never)) as Record<string, unknown>, 201);
        } catch (error) {
          if (isMissingReference(error))
            throw new AppError({ code: "NOT_FOUND", message: "An id in the body does not exist.", cause: error });
          throw error;
        }
      },
    );
    app.openapi(
      adminRoute(
        { codes: [] },
        {
          method: "get",
          path: `/api/admin/${name}`,
          operationId: operationIds[name].list,
          tags: ["Administration"],
          summary: `List ${name}`,
          responses: { 200: json(z.object({ data: z.array(Row) }), "Newest first, at most 1,000.") },
        },
      ),
      async (c) => c.json({ data: await lists[name](c.get("db")) }, 200),
    );
  }
  registerAdminKeys(app, tenantDeps);
  registerAdminPlan(app);
  registerAdminQueue(app);
};

const registerAdminKeys = (app: App, tenantDeps: (c: Context<AppEnv>) => TenantDeps): void => {
  app.openapi(
    adminRoute(
      { codes: ["NOT_FOUND"] },
      {
        method: "delete",
        path: "/api/admin/api-keys/{id}",
        operationId: "adminRevokeApiKey",
        tags: ["Administration"],
        summary: "Revoke a key",
        request: { params: IdParam },
        responses: { 204: { description: "Revoked." } },
      },
    ),
    async (c) => {
      const author = { kind: "admin", requestId: c.get("requestId"), operatorId: c.get("operatorId") ?? null } as const;
      const isRevoked = await revokeApiKey(c.get("db"), { id: c.req.valid("param").id, projectId: null }, author);
      if (!isRevoked) throw new AppError({ code: "NOT_FOUND" });
      return c.body(null, 204);
    },
  );
  app.openapi(
    adminRoute(
      { codes: ["NOT_FOUND"], creates: "secret" },
      {
        method: "post",
        path: "/api/admin/api-keys/{id}/rotate",
        operationId: "adminRotateApiKey",
        tags: ["Administration"],
        summary: "Give a key a new secret",
        request: { params: IdParam, body: jsonRequest(RotateApiKey, { overlapSeconds: 3600 }) },
        responses: { 200: json(Row, "The key with its new secret, which is shown once.") },
      },
    ),
    async (c) => {
      const rotation = { ...c.req.valid("json"), id: c.req.valid("param").id, projectId: null };
      const row = await rotateApiKey(tenantDeps(c), rotation, {
        kind: "admin",
        requestId: c.get("requestId"),
        operatorId: c.get("operatorId") ?? null,
      });
      if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
      return c.json(row, 200);
    },
  );
};

const Plan = z.object({ plan: z.enum(planNames).nullable(), overrides: QuotaOverrides });

const registerAdminPlan = (app: App): void => {
  app.openapi(
    adminRoute(
      { codes: ["NOT_FOUND"] },
      {
        method: "patch",
        path: "/api/admin/projects/{id}",
        operationId: "adminSetProjectPlan",
        tags: ["Administration"],
        summary: "Set the plan of a project, and quotas that differ from it",
        description: "A missing field stays as it is. `plan: null` means the default plan; an override of null lifts that quota.",
        request: {
          params: IdParam,
          body: jsonRequest(z.strictObject(Plan.partial().shape), { plan: "pro", overrides: { exportsPerHour: 500, rowsPerDay: null } }),
        },
        responses: { 200: json(Plan.openapi("ProjectPlan"), "The plan and overrides.") },
      },
    ),
    async (c) => {
      const change = {
        ...c.req.valid("json"),
        projectId: c.req.valid("param").id,
        requestId: c.get("requestId"),
        operatorId: c.get("operatorId") ?? null,
      };
      const changed = await setProjectPlan(c.get("db"), change);
      if (changed === undefined) throw new AppError({ code: "NOT_FOUND" });
      return c.json(changed, 200);
    },
  );
};

/** SQLSTATE 23503: a foreign key names a missing row. */
const isMissingReference = (error: unknown): boolean => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if ("code" in at && at.code === "23503") return true;
  return false;
};
