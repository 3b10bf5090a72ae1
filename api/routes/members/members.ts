/** /api/public/members: who belongs to the organisation of the project, and with which role. */
import { z } from "@hono/zod-openapi";
import { roles } from "../../../core/auth/scopes.ts";
import { changeRole } from "../../../services/members/change-role.ts";
import { listMembers, type MemberRow } from "../../../services/members/list-members.ts";
import { removeMember } from "../../../services/members/remove-member.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";

const Member = z
  .object({
    id: z.string(),
    userId: z.string(),
    email: z.string(),
    name: z.string().nullable(),
    role: z.enum(roles),
    createdAt: z.string(),
  })
  .openapi("Member");

const UpdateMember = z.strictObject({ role: z.enum(roles) }).openapi("UpdateMember");

const scopes = ["members:CRUD"] as const;

const listRoute = keyRoute(
  { scopes, codes: [] },
  {
    method: "get",
    path: "/api/public/members",
    operationId: "listMembers",
    tags: ["Members"],
    summary: "List the members of the organisation",
    description: "By address, at most 1,000.",
    responses: { 200: json(z.object({ data: z.array(Member) }).openapi("MemberList"), "The members.") },
  },
);

const updateRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND", "ROLE_NOT_HELD", "LAST_OWNER"] },
  {
    method: "patch",
    path: "/api/public/members/{id}",
    operationId: "updateMember",
    tags: ["Members"],
    summary: "Change the role of a member",
    description: "Counts at once, for their sessions and keys. Only owners make or change owners; the last owner stays one.",
    request: { params: IdParam, body: jsonRequest(UpdateMember, { role: "MEMBER" }) },
    responses: { 200: json(Member, "The member.") },
  },
);

const removeRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND", "ROLE_NOT_HELD", "LAST_OWNER"] },
  {
    method: "delete",
    path: "/api/public/members/{id}",
    operationId: "removeMember",
    tags: ["Members"],
    summary: "Remove a member",
    description: "Their sessions and keys have no rights in the organisation from now on. The last owner cannot be removed.",
    request: { params: IdParam },
    responses: { 204: { description: "Removed." } },
  },
);

export const registerMemberRoutes = (app: App): void => {
  app.openapi(listRoute, async (c) => {
    const rows = await listMembers(c.get("db"), c.get("actor").organizationId);
    return c.json({ data: rows.map(showMember) }, 200);
  });
  app.openapi(updateRoute, async (c) => {
    const change = { id: c.req.valid("param").id, role: c.req.valid("json").role };
    return c.json(showMember(await changeRole(c.get("db"), c.get("actor"), change)), 200);
  });
  app.openapi(removeRoute, async (c) => {
    await removeMember(c.get("db"), c.get("actor"), c.req.valid("param").id);
    return c.body(null, 204);
  });
};

const showMember = ({ createdAt, ...row }: MemberRow) => ({ ...row, createdAt: createdAt.toISOString() });
