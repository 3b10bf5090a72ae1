/** Opens the secrets of an integration for one delivery. They are never logged and never part of an error. */
import { AppError } from "../../core/errors.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { IntegrationToRun } from "../../services/integrations/integration-columns.ts";

/** Throws ENCRYPTION_DISABLED or SECRET_UNREADABLE. */
export const openSecret = async (
  keyring: Keyring | null,
  { id, sealedSecret }: Pick<IntegrationToRun, "id" | "sealedSecret">,
): Promise<Record<string, string>> => {
  if (sealedSecret === null) return {};
  if (keyring === null) throw new AppError({ code: "ENCRYPTION_DISABLED" });
  return JSON.parse(await keyring.open(id, sealedSecret)) as Record<string, string>;
};
