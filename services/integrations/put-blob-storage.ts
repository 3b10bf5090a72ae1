/** Creates or changes the blob storage integration that Langfuse's route knows: the one of its project named `default`. */
import { and, eq } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import {
  changeOf,
  creationOf,
  langfuseField,
  langfuseIntegrationName,
  type PutBlobStorage,
} from "../../core/integrations/langfuse-blob-storage.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import { lockProject } from "../tenants/lock-project.ts";
import { changeIntegration } from "./change-integration.ts";
import { insertIntegration } from "./insert-integration.ts";
import { lockIntegration, type SaveDeps } from "./integration-row.ts";

/** `id`: of a new integration. Returns the id. Throws what insertIntegration and changeIntegration throw, with the request's names of fields. */
export const putBlobStorage = async (
  db: Database,
  actor: Actor,
  deps: SaveDeps,
  { id, put }: { id: string; put: PutBlobStorage },
): Promise<string> => {
  try {
    return await transaction(db, async (tx) => {
      await lockProject(tx, actor.projectId);
      const [known] = await tx
        .select({ id: integrations.id })
        .from(integrations)
        .where(
          and(
            eq(integrations.projectId, actor.projectId),
            eq(integrations.kind, "blob_storage"),
            eq(integrations.name, langfuseIntegrationName),
          ),
        );
      const row = known === undefined ? undefined : await lockIntegration(tx, actor.projectId, known.id);
      const saved =
        row === undefined
          ? await insertIntegration(tx, actor, deps, { id, body: creationOf(put) })
          : await changeIntegration(tx, actor, deps, row, changeOf(put, row));
      return saved.id;
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.fields.length === 0) throw error;
    const fields = error.fields.map(({ path, message }) => ({ path: langfuseField(path), message }));
    throw new AppError({ code: error.code, message: error.message, fields, cause: error });
  }
};
