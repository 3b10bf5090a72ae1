/** Changes an integration whose row the caller has locked, in the caller's transaction. */
import { eq, type SQL, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { type CheckedIntegration, checkIntegration, checkSecret } from "../../core/integrations/check-integration.ts";
import { kindEntry } from "../../core/integrations/kinds/index.ts";
import type { UpdateIntegration } from "../../core/integrations/requests.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { keyringOf } from "../keyring-of.ts";
import { assertNameFree, assertPlaceFree } from "./insert-integration.ts";
import { auditForm, type IntegrationRow, openSecret, type SaveDeps } from "./integration-row.ts";

/**
 * What is left out stays. If the integration is enabled afterwards, it starts at once and its failures are forgotten. A new mode or start
 * date begins again: windows that were delivered are delivered again to the same keys. Throws INVALID_REQUEST, INTEGRATION_CHANGED,
 * INTEGRATION_NAME_TAKEN, ENCRYPTION_DISABLED and SECRET_UNREADABLE.
 */
export const changeIntegration = async (
  tx: Database,
  actor: Actor,
  deps: SaveDeps,
  row: IntegrationRow,
  body: UpdateIntegration,
): Promise<IntegrationRow> => {
  if (body.updatedAt !== undefined && Date.parse(body.updatedAt) !== row.updatedAt.getTime())
    throw new AppError({ code: "INTEGRATION_CHANGED" });
  const mode = body.mode ?? row.mode;
  const keptStart = mode === "FROM_CUSTOM_DATE" && row.mode === mode ? (row.startsAt?.toISOString() ?? null) : null;
  const modeStartMs = row.mode === mode && row.startsAt !== null ? row.startsAt.getTime() : deps.nowMs;
  const checked = checkIntegration(
    deps,
    {
      id: row.id,
      kind: row.kind,
      mode,
      name: body.name ?? row.name,
      enabled: body.enabled ?? row.enabled,
      schedule: body.schedule ?? { frequency: row.frequency, cron: row.cron, timeZone: row.timeZone },
      startDate: body.startDate === undefined ? keptStart : body.startDate,
      endsAt: body.endsAt === undefined ? (row.endsAt?.toISOString() ?? null) : body.endsAt,
      tables: body.tables ?? row.tables,
      settings: { ...row.settings, ...body.settings },
    },
    modeStartMs,
  );
  if (checked.name !== row.name)
    await assertNameFree(tx, { projectId: actor.projectId, kind: row.kind, name: checked.name, exceptId: row.id });
  await assertPlaceFree(tx, { projectId: actor.projectId, kind: row.kind, settings: checked.settings, exceptId: row.id });
  const sealedSecret = await changedSecret(deps, row, checked, body.secret);
  const [after] = await tx
    .update(integrations)
    .set({
      ...checked,
      ...(sealedSecret === undefined ? {} : { sealedSecret }),
      ...saveEffects(row, checked),
      updatedAt: laterThan(row.updatedAt),
    })
    .where(eq(integrations.id, row.id))
    .returning();
  if (after === undefined) throw new Error(`the integration ${row.id} is locked and gone`);
  await forgetDeliveredTables(tx, row, after);
  await writeAudit(tx, actor, {
    resourceType: "integration",
    resourceId: row.id,
    action: "update",
    before: auditForm(row),
    after: { ...auditForm(after), secretChanged: sealedSecret !== undefined },
  });
  return after;
};

/**
 * What an attempt has delivered with other settings, such as into another bucket, does not count for a window that is still open. What is
 * being delivered meanwhile, `keepTableResult` and `completeRun` leave out.
 */
const forgetDeliveredTables = (tx: Database, before: IntegrationRow, after: IntegrationRow): Promise<unknown> =>
  execute(
    tx,
    sql`update integration_runs set tables = '{}'::jsonb where integration_id = ${after.id} and state in ('queued', 'running', 'failed')
      and (${JSON.stringify(before.settings)}::jsonb <> ${JSON.stringify(after.settings)}::jsonb
        or ${before.sealedSecret}::text is distinct from ${after.sealedSecret}::text)`,
  );

/** Changes within a millisecond still differ, so that a caller can tell them apart. */
export const laterThan = (before: Date): SQL => sql`greatest(now(), ${before.toISOString()}::timestamptz + interval '1 millisecond')`;

/** What clears the traces of failures and makes a window start at once. */
export const freshStart = {
  disabledCode: null,
  failures: 0,
  alertedAt: null,
  overdueAt: null,
  nextRunAt: sql`now()`,
};

const saveEffects = (before: IntegrationRow, after: CheckedIntegration) => {
  const restarts = before.mode !== after.mode || before.startsAt?.getTime() !== after.startsAt?.getTime();
  return {
    ...(restarts ? { cursor: beginOf(before.id, after.startsAt) } : {}),
    ...(after.enabled ? freshStart : { nextRunAt: null }),
  };
};

/**
 * Where a restart begins: with the window that holds the start, if there was one. Keys name the end of a window, so a shorter one would replace
 * its files, and the rows before the start would be gone.
 */
const beginOf = (id: string, startsAt: Date | null): SQL | null =>
  startsAt === null
    ? null
    : sql`coalesce((select min(window_start) from integration_runs
        where integration_id = ${id} and window_start < ${startsAt.toISOString()}::timestamptz and window_end > ${startsAt.toISOString()}::timestamptz),
      ${startsAt.toISOString()}::timestamptz)`;

/** Returns the new sealed secret, or undefined if it stays. */
const changedSecret = async (
  deps: SaveDeps,
  row: IntegrationRow,
  checked: CheckedIntegration,
  given: Record<string, unknown> = {},
): Promise<string | undefined> => {
  const { secretGoesTo } = kindEntry(row.kind);
  const isGiven = Object.values(given).some((value) => value !== null && value !== "");
  if (!isGiven && secretGoesTo(row.settings) !== secretGoesTo(checked.settings))
    throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "secret", message: "must be given again when the host changes" }] });
  if (!isGiven && row.sealedSecret !== null) return undefined;
  const stored = await storedSecret(deps, row, given);
  const secret = checkSecret(row.kind, given, stored);
  if (Object.entries(secret).every(([field, value]) => stored[field] === value)) return undefined;
  return keyringOf(deps).seal(row.id, JSON.stringify(secret));
};

/** A secret that can no longer be opened may be replaced as a whole. */
const storedSecret = (deps: SaveDeps, row: IntegrationRow, given: Record<string, unknown>): Promise<Record<string, string>> => {
  const isWhole = Object.keys(kindEntry(row.kind).secret.shape).every((field) => typeof given[field] === "string" && given[field] !== "");
  return isWhole ? Promise.resolve({}) : openSecret(deps, row);
};
