/** Integrations as rows of Postgres, for tests of what a runner does with them. */
import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Frequency, IntegrationKind, SyncMode } from "../../core/integrations/integration.ts";
import type { IntegrationFault, TableResult } from "../../core/integrations/run-result.ts";
import type { RunCause, RunState } from "../../core/integrations/run-state.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { execute } from "../../db/postgres/client.ts";
import { type Fixture, newId } from "./fixture.ts";

const encryptionKey = "5a".repeat(32);

/** What the runners of these tests need besides the usual. Nobody writes late, so no lag is needed; the other side is on loopback. */
export const integrationEnv: Record<string, string> = {
  ENCRYPTION_KEY: encryptionKey,
  QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED: "true",
  QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED: "true",
  QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED: "true",
  SPILLWAY_INTEGRATION_LAG_SECONDS: "0",
  SPILLWAY_INTEGRATION_TICK_SECONDS: "1",
  SPILLWAY_EGRESS_ALLOWED_HOSTS: "127.0.0.1",
  SPILLWAY_EGRESS_ALLOWED_PORTS: "1-65535",
  SPILLWAY_EGRESS_ALLOW_HTTP: "true",
};

export const keyring = createKeyring({ present: encryptionKey, previous: [], randomBytes: (size) => new Uint8Array(randomBytes(size)) });

export type NewIntegration = {
  kind: IntegrationKind;
  settings: Record<string, unknown>;
  secret: Record<string, string>;
  tables: readonly string[];
  projectId?: string;
  name?: string;
  frequency?: Frequency;
  mode?: SyncMode;
  startsAt?: string;
  endsAt?: string;
};

export const insertIntegration = async (fixture: Fixture, integration: NewIntegration): Promise<string> => {
  const id = newId("integration");
  const { kind, settings, secret, tables, frequency = "hourly", mode = "FULL_HISTORY" } = integration;
  await execute(
    fixture.db,
    sql`insert into integrations (id, project_id, kind, name, enabled, settings, sealed_secret, tables, frequency, mode, starts_at, ends_at, next_run_at, created_by)
      values (${id}, ${integration.projectId ?? fixture.projectId}, ${kind}, ${integration.name ?? id}, true, ${JSON.stringify(settings)}::jsonb,
        ${await keyring.seal(id, JSON.stringify(secret))}, array(select json_array_elements_text(${JSON.stringify(tables)}::json)), ${frequency}, ${mode},
        ${integration.startsAt ?? null}::timestamptz, ${integration.endsAt ?? null}::timestamptz, now(), ${fixture.userId})`,
  );
  return id;
};

export type RunRow = {
  id: string;
  cause: RunCause;
  state: RunState;
  start: string;
  end: string;
  attempts: number;
  deliveries: number;
  rows: number;
  sent: number;
  accepted: number;
  rejected: number;
  tables: Record<string, TableResult>;
  error: IntegrationFault | null;
  manifestKey: string | null;
  contentHash: string | null;
};

const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

/** The runs of an integration, by their windows. */
export const listRuns = (fixture: Fixture, integrationId: string): Promise<RunRow[]> =>
  execute<RunRow>(
    fixture.db,
    sql`select id, cause, state, ${iso("window_start")} as start, ${iso("window_end")} as end, attempts, deliveries, rows::int, sent::int, accepted::int, rejected::int,
        tables, error, manifest_key as "manifestKey", content_hash as "contentHash"
      from integration_runs where integration_id = ${integrationId} order by window_start`,
  );

export type IntegrationState = {
  enabled: boolean;
  cursor: string | null;
  failures: number;
  lastError: IntegrationFault | null;
  disabledCode: string | null;
  isAlerted: boolean;
};

export const readIntegration = async (fixture: Fixture, id: string): Promise<IntegrationState> => {
  const [row] = await execute<IntegrationState>(
    fixture.db,
    sql`select enabled, ${iso("cursor")} as cursor, failures, last_error as "lastError", disabled_code as "disabledCode", alerted_at is not null as "isAlerted"
      from integrations where id = ${id}`,
  );
  if (row === undefined) throw new Error(`no integration ${id}`);
  return row;
};
