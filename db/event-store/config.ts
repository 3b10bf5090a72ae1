/** Where events are kept, as the Worker and the runner read it from their environments: the same variables, so that both mean the same objects. */
import { parseSampledProjects, type SampledProjects } from "../../core/ingestion/sampling.ts";
import type { S3Config } from "../object-store/s3-client.ts";

export type EventStoreEnv = {
  LANGFUSE_S3_EVENT_UPLOAD_BUCKET?: string | undefined;
  LANGFUSE_S3_EVENT_UPLOAD_PREFIX: string;
  LANGFUSE_S3_EVENT_UPLOAD_REGION: string;
  LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT?: string | undefined;
  LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID?: string | undefined;
  LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY?: string | undefined;
  LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: boolean;
  LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: boolean;
  LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES: number;
  LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: string;
};

export type EventStoreConfig = {
  s3: S3Config;
  prefix: string;
  isLogEnabled: boolean;
  segmentBytesMax: number;
  sampling: SampledProjects;
};

export const eventStoreProblems = (env: EventStoreEnv): string[] => {
  const sampled = parseSampledProjects(env.LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS);
  return [
    ...(sampled.ok ? [] : [`LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: ${sampled.problem}`]),
    ...(env.LANGFUSE_S3_EVENT_UPLOAD_BUCKET === undefined
      ? []
      : (["LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID", "LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY"] as const)
          .filter((name) => env[name] === undefined)
          .map((name) => `${name}: needed because LANGFUSE_S3_EVENT_UPLOAD_BUCKET is set`)),
  ];
};

/** Null without a bucket: nothing is taken in then. */
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
      forcePathStyle: env.LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE,
    },
    prefix: env.LANGFUSE_S3_EVENT_UPLOAD_PREFIX,
    isLogEnabled: env.LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED,
    segmentBytesMax: env.LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES,
    sampling: sampled.ok ? sampled.rates : new Map(),
  };
};
