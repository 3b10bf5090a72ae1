/** /api/public/invitations: invites people into the organisation of the project by mail. Signing in with the mail's link accepts. */
import { z } from "@hono/zod-openapi";
import { roles } from "../../../core/auth/scopes.ts";
import { AppError } from "../../../core/errors.ts";
import { createInvitation } from "../../../services/members/create-invitation.ts";
import { type InvitationRow, listInvitations } from "../../../services/members/invitation-row.ts";
import { resendInvitation } from "../../../services/members/resend-invitation.ts";
import { revokeInvitation } from "../../../services/members/revoke-invitation.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { Email, IdParam, json, jsonRequest } from "../describe.ts";
import type { MemberDeps } from "./deps.ts";

const Invitation = z
  .object({
    id: z.string(),
    email: z.string().describe("In lower case."),
    role: z.enum(roles),
    invitedBy: z.string().nullable().describe("Id of the user who invited."),
    createdAt: z.string(),
    sentAt: z.string().describe("When it was last mailed."),
    expiresAt: z.string().describe("7 days after it was last mailed."),
  })
  .openapi("Invitation");

const CreateInvitation = z.strictObject({ email: Email, role: z.enum(roles) }).openapi("CreateInvitation");

const scopes = ["members:CRUD"] as const;
const path = "/api/public/invitations";

const createRoute = keyRoute(
  {
    scopes,
    codes: ["ROLE_NOT_HELD", "ALREADY_MEMBER", "ALREADY_INVITED", "TOO_MANY_INVITATIONS", "SIGN_IN_METHOD_DISABLED"],
    creates: "object",
  },
  {
    method: "post",
    path,
    operationId: "createInvitation",
    tags: ["Members"],
    summary: "Invite somebody into the organisation",
    description:
      "Mails a link that accepts the invitation and signs in. Only owners invite owners. An address is sent at most one in a minute.",
    request: { body: jsonRequest(CreateInvitation, { email: "ada@example.com", role: "MEMBER" }) },
    responses: { 201: json(Invitation, "The invitation. Its mail is on its way.") },
  },
);

const listRoute = keyRoute(
  { scopes, codes: [] },
  {
    method: "get",
    path,
    operationId: "listInvitations",
    tags: ["Members"],
    summary: "List the invitations of the organisation",
    description: "Newest first, also those that expired in the last 30 days. Accepted ones are members.",
    responses: { 200: json(z.object({ data: z.array(Invitation) }).openapi("InvitationList"), "The invitations.") },
  },
);

const resendRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND", "ROLE_NOT_HELD", "RATE_LIMITED", "SIGN_IN_METHOD_DISABLED"] },
  {
    method: "post",
    path: `${path}/{id}/resend`,
    operationId: "resendInvitation",
    tags: ["Members"],
    summary: "Mail an invitation again",
    description: "With a new link and a new term; the link before ends. At most once a minute.",
    request: { params: IdParam },
    responses: { 200: json(Invitation, "The invitation.") },
  },
);

const revokeRoute = keyRoute(
  { scopes, codes: ["NOT_FOUND", "ROLE_NOT_HELD"] },
  {
    method: "delete",
    path: `${path}/{id}`,
    operationId: "revokeInvitation",
    tags: ["Members"],
    summary: "Revoke an invitation",
    description: "Its link ends at once.",
    request: { params: IdParam },
    responses: { 204: { description: "Revoked." } },
  },
);

export const registerInvitations = (app: App, { newId, nowMs, publicUrl }: MemberDeps): void => {
  const mailDeps = () => {
    if (publicUrl === null) throw new AppError({ code: "SIGN_IN_METHOD_DISABLED" });
    return { newId, nowMs, publicUrl };
  };
  app.openapi(createRoute, async (c) => {
    const row = await createInvitation(c.get("db"), mailDeps(), c.get("actor"), c.req.valid("json"));
    return c.json(showInvitation(row), 201);
  });
  app.openapi(listRoute, async (c) => {
    const rows = await listInvitations(c.get("db"), c.get("actor").organizationId);
    return c.json({ data: rows.map(showInvitation) }, 200);
  });
  app.openapi(resendRoute, async (c) => {
    const row = await resendInvitation(c.get("db"), mailDeps(), c.get("actor"), c.req.valid("param").id);
    return c.json(showInvitation(row), 200);
  });
  app.openapi(revokeRoute, async (c) => {
    await revokeInvitation(c.get("db"), c.get("actor"), c.req.valid("param").id);
    return c.body(null, 204);
  });
};

const showInvitation = ({ createdAt, sentAt, expiresAt, ...row }: InvitationRow) => ({
  ...row,
  createdAt: createdAt.toISOString(),
  sentAt: sentAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});
