/** Configuration: a store's encryption and session variables, shared by exports and events. */
import { z } from "zod";
import type { S3Encryption, StoreVariables } from "./s3-config.ts";

export const encryptionAlgorithm = z.enum(["AES256", "aws:kms", "aws:kms:dsse"]);

type StoreEnv<Prefix extends StoreVariables> = { [Name in `${Prefix}_SSE`]?: z.infer<typeof encryptionAlgorithm> | undefined } & {
  [Name in `${Prefix}_SSE_KMS_KEY_ID` | `${Prefix}_ACCESS_KEY_ID` | `${Prefix}_SECRET_ACCESS_KEY` | `${Prefix}_SESSION_TOKEN`]?:
    | string
    | undefined;
};

/** Returns null if unset: the bucket's default applies then. */
export const encryptionOf = <Prefix extends StoreVariables>(prefix: Prefix, env: StoreEnv<Prefix>): S3Encryption | null => {
  const algorithm = env[`${prefix}_SSE`];
  return algorithm === undefined ? null : { algorithm, kmsKeyId: env[`${prefix}_SSE_KMS_KEY_ID`] ?? null };
};

/** `why` explains the need for the store; `mayHaveRole` allows credentials from the environment's role instead of keys. */
export const storeProblems = <Prefix extends StoreVariables>(
  prefix: Prefix,
  env: StoreEnv<Prefix>,
  { why, mayHaveRole }: { why: string; mayHaveRole: boolean },
): string[] => {
  const keys = [`${prefix}_ACCESS_KEY_ID`, `${prefix}_SECRET_ACCESS_KEY`] as const;
  const missing = keys.filter((name) => env[name] === undefined);
  const problems = mayHaveRole && missing.length === keys.length ? [] : missing.map((name) => `${name}: needed because ${why}`);
  if (env[`${prefix}_SESSION_TOKEN`] !== undefined && missing.length > 0)
    problems.push(`${prefix}_SESSION_TOKEN: needs the keys it belongs to`);
  const keyId = `${prefix}_SSE_KMS_KEY_ID` as const;
  if (env[keyId] !== undefined && env[`${prefix}_SSE`]?.startsWith("aws:kms") !== true)
    problems.push(`${keyId}: needs ${prefix}_SSE=aws:kms`);
  return problems;
};
