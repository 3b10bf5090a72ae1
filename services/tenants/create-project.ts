/** Creates a project. */
import { projects } from "../../db/postgres/schema/tenants.ts";
import { audited, type TenantDeps } from "./audited-insert.ts";

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
