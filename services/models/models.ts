/** Models and their prices: those of every project, overridden by a project's own. */

import { and, eq, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { NewModel } from "../../core/models/create-model.ts";
import type { Model, UsageUnit } from "../../core/models/model.ts";
import { countPatternSteps } from "../../core/models/translate-pattern.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { models } from "../../db/postgres/schema.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { claimIdempotencyKey, type IdempotencyKey } from "../idempotency.ts";

/** `createdAt`: ISO 8601 UTC, milliseconds. */
export type ModelRow = Model & { unit: UsageUnit | null; createdAt: string };

const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

const columns = sql`id, project_id as "projectId", model_name as "modelName", match_pattern as "matchPattern",
  ${iso("start_date")} as "startDate", unit, tokenizer, pricing_tiers as "pricingTiers", ${iso("created_at")} as "createdAt"`;

const visible = (projectId: string) => sql`(project_id is null or project_id = ${projectId})`;

/** Those of every project and of this one. */
export const listModels = (db: Database, projectId: string): Promise<ModelRow[]> =>
  execute<ModelRow>(db, sql`select ${columns} from models where ${visible(projectId)} order by id`);

/** A page of the same: by name, and models of one name in the order in which calls are priced by them. */
export const listModelPage = async (
  db: Database,
  projectId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: ModelRow[]; totalItems: number }> => {
  const rows = await execute<ModelRow>(
    db,
    sql`select ${columns} from models where ${visible(projectId)}
      order by model_name collate "C", project_id is null, start_date desc nulls last, id collate "C" desc
      limit ${limit} offset ${(page - 1) * limit}`,
  );
  const [counted] = await execute<{ rows: number }>(db, sql`select count(*)::int as rows from models where ${visible(projectId)}`);
  return { rows, totalItems: counted?.rows ?? 0 };
};

export const findModel = async (db: Database, projectId: string, id: string): Promise<ModelRow | undefined> => {
  const [row] = await execute<ModelRow>(db, sql`select ${columns} from models where ${visible(projectId)} and id = ${id}`);
  return row;
};

/** All are read for every call that is priced. */
const ownModelsMax = 200;
/** Of the patterns of them all: each is tried on every name of a model a runner sees, and takes so many steps for a character of it at most. */
const ownStepsMax = 20_000;

/** Throws TOO_MANY_MODELS. */
const assertRoom = async (tx: Database, projectId: string, added: string): Promise<void> => {
  const own = await execute<{ pattern: string }>(tx, sql`select match_pattern as pattern from models where project_id = ${projectId}`);
  if (own.length >= ownModelsMax)
    throw new AppError({ code: "TOO_MANY_MODELS", message: `The project has ${ownModelsMax} models of its own; more are not taken.` });
  const steps = own.reduce((sum, { pattern }) => sum + countPatternSteps(pattern), countPatternSteps(added));
  if (steps > ownStepsMax)
    throw new AppError({
      code: "TOO_MANY_MODELS",
      message: `The patterns of the project's models would come to ${steps} steps together; at most ${ownStepsMax} are taken.`,
    });
};

type Created = { outcome: "created" | "repeated"; modelId: string } | { outcome: "keyReused" };

/** Model, audit row and idempotency key in one transaction. The row of the project is locked, so that creations of one project are counted one after the other. Throws TOO_MANY_MODELS. */
export const createModel = (
  db: Database,
  actor: Actor,
  { startDate, ...model }: NewModel,
  { auditId, idempotency }: { auditId: string; idempotency: IdempotencyKey | null },
): Promise<Created> =>
  transaction(db, async (tx) => {
    if (idempotency !== null) {
      const claimed = await claimIdempotencyKey(tx, actor.projectId, idempotency, model.id);
      if (claimed.outcome === "keyReused") return claimed;
      if (claimed.outcome === "repeated") return { outcome: "repeated", modelId: claimed.resourceId };
    }
    await execute(tx, sql`select id from projects where id = ${actor.projectId} for no key update`);
    await assertRoom(tx, actor.projectId, model.matchPattern);
    const [after] = await tx
      .insert(models)
      .values({ ...model, projectId: actor.projectId, startDate: startDate === null ? null : new Date(startDate) })
      .returning();
    await writeAudit(tx, actor, { id: auditId, resourceType: "model", resourceId: model.id, action: "create", after });
    return { outcome: "created", modelId: model.id };
  });

/** One of the project's own; those of every project stay. */
export const deleteModel = (db: Database, actor: Actor, id: string, auditId: string): Promise<"deleted" | "isDefault" | "absent"> =>
  transaction(db, async (tx) => {
    const [before] = await tx
      .delete(models)
      .where(and(eq(models.projectId, actor.projectId), eq(models.id, id)))
      .returning();
    if (before === undefined) return (await findModel(tx, actor.projectId, id)) === undefined ? "absent" : "isDefault";
    await writeAudit(tx, actor, { id: auditId, resourceType: "model", resourceId: id, action: "delete", before });
    return "deleted";
  });
