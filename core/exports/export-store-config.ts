/** Configuration of the store of exported files. The Worker signs links to it and the runner writes to it, by the same variables. */
import type { S3Config } from "../s3/s3-config.ts";
import { encryptionOf } from "../s3/store-env.ts";

/** The API has no variables of encryption: it writes nothing there. */
type ExportStoreEnv = Parameters<typeof encryptionOf<"LANGFUSE_S3_BATCH_EXPORT">>[1] & {
  LANGFUSE_S3_BATCH_EXPORT_ENDPOINT?: string | undefined;
  LANGFUSE_S3_BATCH_EXPORT_REGION: string;
  LANGFUSE_S3_BATCH_EXPORT_BUCKET?: string | undefined;
  LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: boolean;
};

/** Call only while exports are on; the parsed environment then has bucket and keys, or the runner a role. */
export const exportStoreConfig = (env: ExportStoreEnv) =>
  ({
    endpoint: env.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT ?? null,
    region: env.LANGFUSE_S3_BATCH_EXPORT_REGION,
    bucket: env.LANGFUSE_S3_BATCH_EXPORT_BUCKET ?? "",
    accessKeyId: env.LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY ?? "",
    sessionToken: env.LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN,
    forcePathStyle: env.LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE,
    encryption: encryptionOf("LANGFUSE_S3_BATCH_EXPORT", env),
    variables: "LANGFUSE_S3_BATCH_EXPORT",
  }) as const satisfies S3Config;
