/** Creates an organisation. */
import { organizations } from "../../db/postgres/schema/tenants.ts";
import { audited, type TenantDeps } from "./audited-insert.ts";

export const createOrganization = (deps: TenantDeps, { name }: { name: string }) =>
  audited(deps, "organization", {}, (tx) =>
    tx
      .insert(organizations)
      .values({ id: deps.newId("organization"), name })
      .returning(),
  );
