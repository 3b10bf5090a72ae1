/** Finds and lists the blob storage integrations of a project, as Langfuse's routes name them. */
import { and, asc, eq, or } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { type FoundIntegration, findIntegration } from "./find-integration.ts";
import type { IntegrationRow } from "./integration-row.ts";

export const listBlobStorage = (db: Database, projectId: string): Promise<IntegrationRow[]> =>
  db
    .select()
    .from(integrations)
    .where(and(eq(integrations.projectId, projectId), eq(integrations.kind, "blob_storage")))
    .orderBy(asc(integrations.id));

/** `id`: of the integration, or of the project if it has exactly one of this kind, since Langfuse's id is that of the project. */
export const findBlobStorage = async (db: Database, projectId: string, id: string): Promise<FoundIntegration | undefined> => {
  const rows = await db
    .select({ id: integrations.id })
    .from(integrations)
    .where(
      and(
        eq(integrations.projectId, projectId),
        eq(integrations.kind, "blob_storage"),
        or(eq(integrations.id, id), eq(integrations.projectId, id)),
      ),
    )
    .limit(2);
  const [only, ...others] = rows;
  return only === undefined || others.length > 0 ? undefined : findIntegration(db, projectId, only.id);
};
