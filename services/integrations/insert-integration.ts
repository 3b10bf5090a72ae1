/** Inserts an integration that is checked, in the caller's transaction. The caller holds the lock of the project. */
import { and, eq, ne, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { checkIntegration, checkSecret } from "../../core/integrations/check-integration.ts";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import { kindEntry } from "../../core/integrations/kinds/index.ts";
import type { CreateIntegration } from "../../core/integrations/requests.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { keyringOf } from "../keyring-of.ts";
import { auditForm, type IntegrationRow, type SaveDeps } from "./integration-row.ts";

const integrationsMax = 50;

/** Throws INVALID_REQUEST, ENCRYPTION_DISABLED, INTEGRATION_NAME_TAKEN and TOO_MANY_INTEGRATIONS. */
export const insertIntegration = async (
  tx: Database,
  actor: Actor,
  deps: SaveDeps,
  { id, body }: { id: string; body: CreateIntegration },
): Promise<IntegrationRow> => {
  const { secret, tables, ...wanted } = body;
  const checked = checkIntegration(deps, { ...wanted, id, tables: tables ?? kindEntry(body.kind).defaultTables }, deps.nowMs);
  const sealed = await keyringOf(deps).seal(id, JSON.stringify(checkSecret(body.kind, secret)));
  await assertNameFree(tx, { projectId: actor.projectId, kind: body.kind, name: body.name, exceptId: id });
  await assertPlaceFree(tx, { projectId: actor.projectId, kind: body.kind, settings: checked.settings, exceptId: id });
  await assertRoom(tx, actor.projectId);
  const [row] = await tx
    .insert(integrations)
    .values({
      ...checked,
      projectId: actor.projectId,
      sealedSecret: sealed,
      cursor: checked.startsAt,
      nextRunAt: checked.enabled ? sql`now()` : null,
      createdBy: actor.userId,
    })
    .returning();
  if (row === undefined) throw new Error("an insert without a condition inserts a row");
  await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "create", after: auditForm(row) });
  return row;
};

/** Throws INTEGRATION_NAME_TAKEN. */
export const assertNameFree = async (
  tx: Database,
  { projectId, kind, name, exceptId }: { projectId: string; kind: IntegrationKind; name: string; exceptId: string },
): Promise<void> => {
  const taken = await tx
    .select({ id: integrations.id })
    .from(integrations)
    .where(
      and(eq(integrations.projectId, projectId), eq(integrations.kind, kind), eq(integrations.name, name), ne(integrations.id, exceptId)),
    )
    .limit(1);
  if (taken.length > 0)
    throw new AppError({
      code: "INTEGRATION_NAME_TAKEN",
      fields: [{ path: "name", message: "is taken by another integration of this kind" }],
    });
};

/**
 * Keys depend on project, table and window: two integrations of a project with one bucket and prefix would replace each other's manifests.
 * Throws INVALID_REQUEST.
 */
export const assertPlaceFree = async (
  tx: Database,
  {
    projectId,
    kind,
    settings,
    exceptId,
  }: { projectId: string; kind: IntegrationKind; settings: Record<string, unknown>; exceptId: string },
): Promise<void> => {
  if (kind !== "blob_storage") return;
  const { bucketName, endpoint = null, prefix } = settings;
  const place = JSON.stringify({ bucketName, endpoint, prefix });
  const [taken] = await tx
    .select({ name: integrations.name })
    .from(integrations)
    .where(
      and(
        eq(integrations.projectId, projectId),
        eq(integrations.kind, kind),
        ne(integrations.id, exceptId),
        sql`${integrations.settings} @> ${place}::jsonb`,
      ),
    )
    .limit(1);
  if (taken === undefined) return;
  const message = `The integration ${JSON.stringify(taken.name)} delivers to this bucket and prefix; choose another prefix.`;
  throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "settings.prefix", message }] });
};

const assertRoom = async (tx: Database, projectId: string): Promise<void> => {
  if ((await tx.$count(integrations, eq(integrations.projectId, projectId))) >= integrationsMax)
    throw new AppError({
      code: "TOO_MANY_INTEGRATIONS",
      message: `The project has ${integrationsMax} integrations, which is the limit.`,
    });
};
