/** Loads the integration a request is about. */
import { AppError } from "../../../core/errors.ts";
import { type FoundIntegration, findIntegration } from "../../../services/integrations/find-integration.ts";
import type { Database } from "../../deps.ts";

/** Throws NOT_FOUND unless the integration belongs to the key's project. */
export const loadIntegration = async (db: Database, projectId: string, id: string): Promise<FoundIntegration> => {
  const row = await findIntegration(db, projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  return row;
};
