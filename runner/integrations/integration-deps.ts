/** Dependencies of the handler of integrations. */
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { IntegrationToRun } from "../../services/integrations/integration-columns.ts";
import type { Run } from "../../services/integrations/start-run.ts";
import type { JobContext } from "../deps.ts";
import type { ExportHandlerDeps } from "../transfer/export-deps.ts";

export type IntegrationSettings = {
  /** How long a writer that is not ours may take until its rows can be read. */
  lagSeconds: number;
  partSizeBytes: number;
  partsInFlightMax: number;
  /** Replaces Mixpanel's address, for a local server; null: Mixpanel's own. */
  mixpanelUrl: string | null;
};

export type IntegrationDeps = Pick<
  ExportHandlerDeps,
  "db" | "clickhouse" | "settings" | "clock" | "log" | "emit" | "crc32" | "sha256" | "hashKeyOf"
> & {
  integrations: IntegrationSettings;
  /** Sends requests to customers' addresses: checks and pins each. */
  guardedFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  random: () => number;
  /** Null without ENCRYPTION_KEY: no secret can be opened. */
  keyring: Keyring | null;
  publicUrl: string | null;
};

/** One delivery of a window. `queryId`: prefix of the ids of its queries. */
export type Delivery = { integration: IntegrationToRun; run: Run; secret: Record<string, string>; context: JobContext; queryId: string };
