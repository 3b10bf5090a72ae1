/** Configuration of the event store. The Worker and the runner both parse these variables, so that both address the same objects. */
import { z } from "zod";
import type { S3Config } from "../s3/s3-config.ts";
import { encryptionAlgorithm, encryptionOf, storeProblems } from "../s3/store-env.ts";
import { parseSampledProjects, type SampledProjects } from "./sampling.ts";

const text = z.string().trim().min(1);
const flag = (fallback: "true" | "false") =>
  z
    .enum(["true", "false"])
    .default(fallback)
    .transform((value) => value === "true");

export const eventStoreShape = {
  LANGFUSE_S3_EVENT_UPLOAD_BUCKET: text.optional(),
  LANGFUSE_S3_EVENT_UPLOAD_PREFIX: z
    .string()
    .regex(/^$|\/$/, "must be empty or end in /")
    .default(""),
  LANGFUSE_S3_EVENT_UPLOAD_REGION: text.default("us-east-1"),
  LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT: z.url().optional(),
  LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: text.optional(),
  LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: text.optional(),
  /** For temporary credentials. */
  LANGFUSE_S3_EVENT_UPLOAD_SESSION_TOKEN: text.optional(),
  LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: flag("false"),
  /** Server-side encryption requested for every file. Unset: the bucket's default applies. */
  LANGFUSE_S3_EVENT_UPLOAD_SSE: encryptionAlgorithm.optional(),
  LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID: text.optional(),
  /** Whether event files are recorded in event_log. Readers decide per project by what was recorded. */
  LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: flag("true"),
  /**
   * Maximum bytes of the key segments that come from ids. S3 allows 1024 bytes for the whole key; stores on a file system, such as MinIO,
   * 255 for a segment, some with an ending of their own.
   */
  LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES: z.coerce.number().int().min(64).max(480).default(200),
  LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: z.string().default(""),
} as const;

type EventStoreEnv = z.infer<z.ZodObject<typeof eventStoreShape>>;

export type EventStoreConfig = {
  s3: S3Config;
  prefix: string;
  isLogEnabled: boolean;
  segmentBytesMax: number;
  sampling: SampledProjects;
};

export const eventStoreProblems = (env: EventStoreEnv, { mayHaveRole }: { mayHaveRole: boolean }): string[] => {
  const sampled = parseSampledProjects(env.LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS);
  return [
    ...(sampled.ok ? [] : [`LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: ${sampled.problem}`]),
    ...(env.LANGFUSE_S3_EVENT_UPLOAD_BUCKET === undefined
      ? []
      : storeProblems("LANGFUSE_S3_EVENT_UPLOAD", env, { why: "LANGFUSE_S3_EVENT_UPLOAD_BUCKET is set", mayHaveRole })),
  ];
};

/** Returns null without a bucket; ingestion is off then. */
export const eventStoreConfig = (env: EventStoreEnv): EventStoreConfig | null => {
  if (env.LANGFUSE_S3_EVENT_UPLOAD_BUCKET === undefined) return null;
  const sampled = parseSampledProjects(env.LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS);
  return {
    s3: {
      endpoint: env.LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT ?? null,
      region: env.LANGFUSE_S3_EVENT_UPLOAD_REGION,
      bucket: env.LANGFUSE_S3_EVENT_UPLOAD_BUCKET,
      accessKeyId: env.LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.LANGFUSE_S3_EVENT_UPLOAD_SESSION_TOKEN,
      forcePathStyle: env.LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE,
      encryption: encryptionOf("LANGFUSE_S3_EVENT_UPLOAD", env),
      variables: "LANGFUSE_S3_EVENT_UPLOAD",
    },
    prefix: env.LANGFUSE_S3_EVENT_UPLOAD_PREFIX,
    isLogEnabled: env.LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED,
    segmentBytesMax: env.LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES,
    sampling: sampled.ok ? sampled.rates : new Map(),
  };
};
