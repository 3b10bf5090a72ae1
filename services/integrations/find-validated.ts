/** Finds what a validation of an integration tries. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import type { IntegrationRow } from "./integration-row.ts";

/** Undefined if it was deleted meanwhile. */
export const findValidated = async (
  db: Database,
  { projectId, integrationId }: { projectId: string; integrationId: string },
): Promise<Pick<IntegrationRow, "id" | "kind" | "settings" | "sealedSecret"> | undefined> => {
  const [row] = await db
    .select({ id: integrations.id, kind: integrations.kind, settings: integrations.settings, sealedSecret: integrations.sealedSecret })
    .from(integrations)
    .where(and(eq(integrations.id, integrationId), eq(integrations.projectId, projectId)));
  return row;
};
