/** DELETE /api/public/account/organizations/{id}: leaves an organisation. */
import { leaveOrganization } from "../../../services/members/leave-organization.ts";
import type { App } from "../../deps.ts";
import { personRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";
import { visitorOf } from "../visitor.ts";

const route = personRoute(["NOT_FOUND", "LAST_OWNER"], {
  method: "delete",
  path: "/api/public/account/organizations/{id}",
  operationId: "leaveOrganization",
  tags: ["Account"],
  summary: "Leave an organisation",
  description:
    "Whatever your role. Your sessions and keys have no rights in its projects from now on. Its only owner cannot leave: make somebody else an owner first.",
  request: { params: IdParam },
  responses: { 204: { description: "You are no member any more." } },
});

export const registerLeaveOrganization = (app: App): void => {
  app.openapi(route, async (c) => {
    const { userId } = c.get("session");
    await leaveOrganization(c.get("db"), { userId, organizationId: c.req.valid("param").id }, visitorOf(c));
    return c.body(null, 204);
  });
};
