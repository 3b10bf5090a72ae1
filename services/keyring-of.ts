/** The keyring of a server that has one. */
import { AppError } from "../core/errors.ts";
import type { Keyring } from "../core/integrations/sealed-secret.ts";

/** `keyring`: null without ENCRYPTION_KEY. Throws ENCRYPTION_DISABLED. */
export const keyringOf = ({ keyring }: { keyring: Keyring | null }): Keyring => {
  if (keyring === null) throw new AppError({ code: "ENCRYPTION_DISABLED" });
  return keyring;
};
