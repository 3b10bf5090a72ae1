/** Changes an integration of a project. */
import type { UpdateIntegration } from "../../core/integrations/requests.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import { lockProject } from "../tenants/lock-project.ts";
import { changeIntegration } from "./change-integration.ts";
import { lockIntegration, type SaveDeps } from "./integration-row.ts";

/** Throws what changeIntegration throws. */
export const updateIntegration = (
  db: Database,
  actor: Actor,
  deps: SaveDeps,
  id: string,
  body: UpdateIntegration,
): Promise<"updated" | "absent"> =>
  transaction(db, async (tx) => {
    await lockProject(tx, actor.projectId);
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return "absent";
    await changeIntegration(tx, actor, deps, row, body);
    return "updated";
  });
