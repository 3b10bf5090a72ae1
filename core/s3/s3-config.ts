/** S3: how to reach a bucket: address, keys, and requested encryption. */

/** Prefix of the variables that configure a store. */
export type StoreVariables = "LANGFUSE_S3_BATCH_EXPORT" | "LANGFUSE_S3_EVENT_UPLOAD";

export type S3Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };

/** Server-side encryption requested for every new object. */
export type S3Encryption = { algorithm: "AES256" | "aws:kms" | "aws:kms:dsse"; kmsKeyId: string | null };

export type S3Config = {
  endpoint: string | null;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  forcePathStyle: boolean;
  encryption?: S3Encryption | null;
  /** Where its settings come from, named in messages: variables of the operator, or those of an integration. */
  variables?: StoreVariables | "integration";
};
