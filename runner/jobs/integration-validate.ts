/**
 * integration.validate: tries an integration's address and credentials, and stores what each step found. What the provider refuses is a
 * result; only our own failures fail the job. May run twice: the probe object has the job's name.
 */
import { AppError } from "../../core/errors.ts";
import { BlobStorageSettings, storageOptions } from "../../core/integrations/kinds/blob-storage.ts";
import { kindEntry } from "../../core/integrations/kinds/index.ts";
import { MixpanelSettings } from "../../core/integrations/kinds/mixpanel.ts";
import { PosthogSettings } from "../../core/integrations/kinds/posthog.ts";
import type { Keyring } from "../../core/integrations/sealed-secret.ts";
import type { ValidationStep } from "../../core/integrations/validation.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { S3Config } from "../../core/s3/s3-config.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { findValidated } from "../../services/integrations/find-validated.ts";
import { settleValidation } from "../../services/integrations/settle-validation.ts";
import { type Handler, LeaseLost } from "../deps.ts";
import { probeMixpanel, probePosthog } from "../integrations/probe-sink.ts";
import { failedStep, probeStorage } from "../integrations/probe-storage.ts";
import type { SettleGrouped } from "../queue/group-settlements.ts";
import { base64Crc } from "../transfer/sinks/object-upload.ts";

export type ValidateHandlerDeps = {
  db: Database;
  settleGrouped: SettleGrouped;
  /** Null without ENCRYPTION_KEY. */
  keyring: Keyring | null;
  /** Sends requests to customers' addresses. */
  customerFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Opens a customer's bucket. Its requests are sent like those of `customerFetch`. */
  openCustomerStore: (config: S3Config) => S3Client;
  mixpanelOrigin: (region: "api" | "api-eu" | "api-in") => string;
  crc32: (bytes: Uint8Array) => number;
};

type Validated = NonNullable<Awaited<ReturnType<typeof findValidated>>>;

export const createValidateHandler = (deps: ValidateHandlerDeps): Handler => ({
  settle: async (job, outcome) => (await deps.settleGrouped(job, outcome)) !== undefined,
  run: async ({ job, signal }) => {
    const { integrationId } = jobKinds["integration.validate"].payload.parse(job.payload);
    const integration = await findValidated(deps.db, { projectId: job.projectId, integrationId });
    const steps = integration === undefined ? [] : await stepsOf(deps, integration, { probeId: job.id, signal });
    if (!(await settleValidation(deps.db, { id: job.id, leaseId: job.leaseId }, { steps }))) throw new LeaseLost();
  },
});

type Try = { probeId: string; signal: AbortSignal };

const stepsOf = async (deps: ValidateHandlerDeps, integration: Validated, { probeId, signal }: Try): Promise<ValidationStep[]> => {
  const { keyring, customerFetch, openCustomerStore, mixpanelOrigin, crc32 } = deps;
  if (keyring === null) throw new AppError({ code: "ENCRYPTION_DISABLED" });
  if (integration.sealedSecret === null)
    return [failedStep("settings", { code: "INVALID_REQUEST", message: "The integration has no secret: send it with a change." })];
  const sealed: unknown = JSON.parse(await keyring.open(integration.id, integration.sealedSecret));
  const secret = kindEntry(integration.kind).secret.parse(sealed);
  const field = (name: string): string => secret[name] ?? "";
  const probe = { fetch: customerFetch, signal };
  switch (integration.kind) {
    case "blob_storage": {
      const settings = BlobStorageSettings.parse(integration.settings);
      const { checksum, conditionalWrites: _, ...location } = storageOptions(settings);
      const s3 = openCustomerStore({
        ...location,
        accessKeyId: field("accessKeyId"),
        secretAccessKey: field("secretAccessKey"),
        variables: "integration",
      });
      return probeStorage({
        s3,
        prefix: settings.prefix,
        checksum,
        probeId,
        signal,
        crc32Base64: (text) => base64Crc(crc32(new TextEncoder().encode(text))),
      });
    }
    case "posthog": {
      const { hostName } = PosthogSettings.parse(integration.settings);
      return probePosthog({ hostName, projectApiKey: field("projectApiKey") }, probe);
    }
    case "mixpanel": {
      const { region } = MixpanelSettings.parse(integration.settings);
      return probeMixpanel({ origin: mixpanelOrigin(region), projectToken: field("projectToken") }, probe);
    }
    default:
      return integration.kind satisfies never;
  }
};
