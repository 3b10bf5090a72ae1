/** Dependencies of the routes of integrations, and what the services that save need of them. */
import type { SaveDeps } from "../../../services/integrations/integration-row.ts";
import type { RouteDeps } from "../../deps.ts";

export type IntegrationDeps = Pick<RouteDeps, "newId" | "nowMs" | "keyring" | "checkAddress" | "checkKeyTemplate">;

export const saveDepsOf = ({ nowMs, keyring, checkAddress, checkKeyTemplate }: IntegrationDeps): SaveDeps => ({
  nowMs: nowMs(),
  keyring,
  checkAddress,
  checkKeyTemplate,
});
