/** An integration as it is stored, what a change of it needs, and what of it is recorded. */
import { and, eq } from "drizzle-orm";
import type { CheckDeps } from "../../core/integrations/check-integration.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { keyringOf } from "../keyring-of.ts";

export type IntegrationRow = typeof integrations.$inferSelect;

/** `keyring`: null without ENCRYPTION_KEY. */
export type SaveDeps = CheckDeps & { keyring: Keyring | null };

/** Locks the integration, so that changes of it follow one another. Undefined if the project has none of this id. */
export const lockIntegration = async (tx: Database, projectId: string, id: string): Promise<IntegrationRow | undefined> => {
  const [row] = await tx
    .select()
    .from(integrations)
    .where(and(eq(integrations.projectId, projectId), eq(integrations.id, id)))
    .for("update");
  return row;
};

/** Opens the secret of a row; empty if it has none. Throws SECRET_UNREADABLE and ENCRYPTION_DISABLED. */
export const openSecret = async (
  deps: Pick<SaveDeps, "keyring">,
  row: Pick<IntegrationRow, "id" | "sealedSecret">,
): Promise<Record<string, string>> =>
  row.sealedSecret === null ? {} : (JSON.parse(await keyringOf(deps).open(row.id, row.sealedSecret)) as Record<string, string>);

/** What audit rows hold: the settings, and never the secret, not even sealed. */
export const auditForm = ({
  id,
  kind,
  name,
  enabled,
  settings,
  tables,
  frequency,
  cron,
  timeZone,
  mode,
  startsAt,
  endsAt,
}: IntegrationRow) => ({
  id,
  kind,
  name,
  enabled,
  settings,
  tables,
  frequency,
  cron,
  timeZone,
  mode,
  startsAt,
  endsAt,
});
