/** Creates an integration of a project. */
import type { CreateIntegration } from "../../core/integrations/requests.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Actor } from "../audit/write-audit.ts";
import { lockProject } from "../tenants/lock-project.ts";
import { insertIntegration } from "./insert-integration.ts";
import type { IntegrationRow, SaveDeps } from "./integration-row.ts";

/** Writes the integration and audit row in one transaction. Throws what insertIntegration throws. */
export const createIntegration = (
  db: Database,
  actor: Actor,
  deps: SaveDeps,
  { id, body }: { id: string; body: CreateIntegration },
): Promise<IntegrationRow> =>
  transaction(db, async (tx) => {
    await lockProject(tx, actor.projectId);
    return insertIntegration(tx, actor, deps, { id, body });
  });
