/** Creates a model of a project. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { NewModel } from "../../core/models/create-model.ts";
import { countPatternSteps } from "../../core/models/translate-pattern.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { models } from "../../db/postgres/schema/models.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { lockProject } from "../tenants/lock-project.ts";

/** Limit per project, because pricing a call reads all its models. */
const ownModelsMax = 200;

/** Limit of the total work of a project's patterns: steps per character of a model name, since a runner tries each pattern on each name. */
const ownStepsMax = 20_000;

/** Throws TOO_MANY_MODELS. */
const assertRoom = async (tx: Database, projectId: string, added: string): Promise<void> => {
  const own = await execute<{ pattern: string }>(tx, sql`select match_pattern as pattern from models where project_id = ${projectId}`);
  if (own.length >= ownModelsMax)
    throw new AppError({ code: "TOO_MANY_MODELS", message: `The project has ${ownModelsMax} models, which is the limit.` });
  const steps = own.reduce((sum, { pattern }) => sum + countPatternSteps(pattern), countPatternSteps(added));
  if (steps > ownStepsMax)
    throw new AppError({
      code: "TOO_MANY_MODELS",
      message: `The patterns of the project's models would take ${steps} steps in total; the limit is ${ownStepsMax}.`,
    });
};

/**
 * Writes the model and audit row in one transaction. Locks the project's row, so that concurrent creations are counted one
 * after the other. Throws TOO_MANY_MODELS.
 */
export const createModel = (db: Database, actor: Actor, { startDate, ...model }: NewModel): Promise<void> =>
  transaction(db, async (tx) => {
    await lockProject(tx, actor.projectId);
    await assertRoom(tx, actor.projectId, model.matchPattern);
    const [after] = await tx
      .insert(models)
      .values({ ...model, projectId: actor.projectId, startDate: startDate === null ? null : new Date(startDate) })
      .returning();
    await writeAudit(tx, actor, { resourceType: "model", resourceId: model.id, action: "create", after });
  });
