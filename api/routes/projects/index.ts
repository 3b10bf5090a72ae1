/** GET /api/public/projects: shows the project of the key. The SDKs build links from it. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { findProject } from "../../../services/tenants/find-project.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";

const Project = z
  .object({
    id: z.string(),
    name: z.string(),
    organization: z.object({ id: z.string(), name: z.string() }),
    metadata: z.record(z.string(), z.unknown()).describe("Always empty."),
    retentionDays: z.int().optional().describe("Data is deleted after this many days; left out if it is kept forever."),
  })
  .openapi("Project");

const route = keyRoute(
  { scopes: ["traces:read", "ingestion:write"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/projects",
    operationId: "listProjects",
    tags: ["Projects"],
    summary: "Show the project of the key",
    description: "Any key with traces:read or ingestion:write may call it.",
    responses: { 200: json(z.object({ data: z.array(Project) }).openapi("ProjectList"), "One project.") },
  },
);

export const registerProjects = (app: App): void => {
  app.openapi(route, async (c) => {
    const project = await findProject(c.get("db"), c.get("actor").projectId);
    if (project === undefined) throw new AppError({ code: "NOT_FOUND" });
    const { id, name, organizationId, organizationName, retentionDays } = project;
    const organization = { id: organizationId, name: organizationName };
    return c.json({ data: [{ id, name, organization, metadata: {}, ...(retentionDays === null ? {} : { retentionDays }) }] }, 200);
  });
};
