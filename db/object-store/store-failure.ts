/** S3: maps a store's refusal to an AppError code, by the store's own code; by the status only if there is none. */
import type { ObjectStoreErrorCode } from "../../core/engine-errors.ts";
import { AppError } from "../../core/errors.ts";
import type { StoreVariables } from "../../core/s3/s3-config.ts";
import { storableForm } from "../../core/storable.ts";
import { parseXml, rootOf, textOf, type XmlElement } from "./xml.ts";

/** Codes of AWS (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, read 2026-11), MinIO, Ceph and Backblaze. */
const codesByMeaning = {
  S3_BUCKET_NOT_FOUND: ["NoSuchBucket", "InvalidBucketName"],
  S3_ACCESS_DENIED: [
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "InvalidSecurity",
    "MissingSecurityHeader",
    "CredentialsNotSupported",
    "UnauthorizedAccess",
  ],
  S3_ACCOUNT_LIMIT: [
    "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
    "XMinioStorageFull",
    "StorageCapExceeded",
    "TransactionCapExceeded",
    "storage_cap_exceeded",
    "AccountProblem",
    "AllAccessDisabled",
    "NotSignedUp",
    "UserSuspended",
  ],
  S3_ENCRYPTION_REFUSED: [
    "KMS.DisabledException",
    "KMS.NotFoundException",
    "KMS.KMSInvalidStateException",
    "KMS.InvalidKeyUsageException",
    "InvalidEncryptionAlgorithmError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "XMinioKMSNotConfigured",
    "XMinioKMSDefaultKeyAlreadyConfigured",
  ],
  S3_WRONG_REGION: [
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "AuthorizationQueryParametersError",
    "IllegalLocationConstraintException",
    "InvalidRegionName",
    "TemporaryRedirect",
    "Redirect",
  ],
  S3_CLOCK_SKEW: ["RequestTimeTooSkewed", "RequestExpired"],
} as const satisfies Partial<Record<ObjectStoreErrorCode, readonly string[]>>;

const meanings = new Map<string, ObjectStoreErrorCode>(
  (Object.entries(codesByMeaning) as [ObjectStoreErrorCode, readonly string[]][]).flatMap(([meaning, codes]) =>
    codes.map((code): [string, ObjectStoreErrorCode] => [code.toLowerCase(), meaning]),
  ),
);

/** 4xx answers that a retry can fix: an idle connection, a damaged body, a transient conflict, throttling. */
const retryableCodes = new Set([
  "RequestTimeout",
  "BadDigest",
  "XAmzContentChecksumMismatch",
  "OperationAborted",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "KMS.ThrottlingException",
  "RequestThrottled",
  "RequestLimitExceeded",
  "InternalError",
  "ServiceUnavailable",
]);

type Refused = {
  status: number;
  headers: Headers;
  /** The body, as far as it was read. */
  text: string;
  /** Headers of the request, in lower case. */
  sent: ReadonlySet<string>;
};

type StoreFailure = { code: ObjectStoreErrorCode; retry: boolean; message: string };

/** Returns the <Error> of an answer. CompleteMultipartUpload may put one into a 200. */
export const errorOf = (text: string): XmlElement | undefined => {
  if (!text.includes("Error")) return undefined;
  const found = rootOf(parseXml(text));
  return found?.name === "Error" ? found.root : undefined;
};

/** A store may quote the request; secrets are removed from the message. */
export const readStoreFailure = (
  refused: Refused,
  { variables, secrets }: { variables: StoreVariables | "integration"; secrets: readonly string[] },
): StoreFailure => {
  const { status, headers, text, sent } = refused;
  const error = errorOf(text);
  const storeCode = (textOf(error, "Code") ?? "").trim();
  const own = (textOf(error, "Message") ?? "").trim();
  const region = headers.get("x-amz-bucket-region") ?? textOf(error, "Region");
  const endpoint = hostOf(headers.get("location")) ?? textOf(error, "Endpoint");
  const code = meaningOf({ status, storeCode, own, sent });
  const retry = code === undefined && isPassing(status, storeCode);
  const final: ObjectStoreErrorCode = code ?? (retry ? "S3_UNAVAILABLE" : "S3_REJECTED");
  const advice = adviceOf(final, { variables, region, endpoint, own });
  const quoted = own === "" ? "" : `: ${shortened(withoutSecrets(own, secrets))}`;
  return {
    code: final,
    retry,
    message: `The object store answered ${status}${storeCode === "" ? "" : ` ${shortened(withoutSecrets(storeCode, secrets), 80)}`}${quoted}${/[.!?]$/.test(quoted) ? "" : "."}${advice}`,
  };
};

export const failureFrom = (
  refused: Refused,
  asked: string,
  from: { variables: StoreVariables | "integration"; secrets: readonly string[] },
) => {
  const { code, retry, message } = readStoreFailure(refused, from);
  return {
    retry,
    error: new AppError({ code, message, detail: `${asked}: ${withoutSecrets(refused.text, from.secrets).slice(0, 1000)}` }),
  };
};

const meaningOf = ({ status, storeCode, own, sent }: { status: number; storeCode: string; own: string; sent: ReadonlySet<string> }) => {
  const refusesHeader = ["invalidargument", "invalidrequest", "notimplemented"].includes(storeCode.toLowerCase());
  const sentChecksum = [...sent].some((name) => name.startsWith("x-amz-checksum-") || name === "x-amz-sdk-checksum-algorithm");
  const sentEncryption = [...sent].some((name) => name.startsWith("x-amz-server-side-encryption"));
  if (sentChecksum && refusesHeader && (/checksum/i.test(own) || (status === 501 && !sentEncryption))) return "S3_CHECKSUM_REFUSED";
  if (sentEncryption && refusesHeader && (/encryption|kms|sse/i.test(own) || status === 501)) return "S3_ENCRYPTION_REFUSED";
  const named = meanings.get(storeCode.toLowerCase());
  if (named !== undefined) return named;
  if (/^kms\.(?!throttling)/i.test(storeCode)) return "S3_ENCRYPTION_REFUSED";
  if (status >= 300 && status < 400) return "S3_WRONG_REGION";
  // A HEAD has no body, and some proxies omit S3's.
  if (storeCode === "" && (status === 401 || status === 403)) return "S3_ACCESS_DENIED";
  return undefined;
};

const isPassing = (status: number, storeCode: string): boolean =>
  retryableCodes.has(storeCode) || (status >= 500 && status !== 501) || status === 408 || status === 425 || status === 429 || status < 300;

/** Settings of an integration, by the end of the operator's variable that means the same. */
const settingNames = {
  CHECKSUM: "settings.checksum",
  SSE: "settings.sse",
  SSE_KMS_KEY_ID: "settings.kmsKeyId",
  REGION: "settings.region",
  ENDPOINT: "settings.endpoint",
} as const;

const adviceOf = (
  code: ObjectStoreErrorCode,
  {
    variables,
    region,
    endpoint,
    own,
  }: { variables: StoreVariables | "integration"; region: string | undefined; endpoint: string | undefined; own: string },
): string => {
  const name = (setting: keyof typeof settingNames): string =>
    variables === "integration" ? settingNames[setting] : `${variables}_${setting}`;
  switch (code) {
    case "S3_CHECKSUM_REFUSED":
      return ` This store takes no checksum headers: set ${name("CHECKSUM")}=none.`;
    case "S3_ENCRYPTION_REFUSED":
      return ` Check ${name("SSE")} and ${name("SSE_KMS_KEY_ID")}.`;
    case "S3_WRONG_REGION": {
      const expected = region ?? /expecting '([a-z0-9-]+)'/.exec(own)?.[1];
      if (expected !== undefined && /^[a-z0-9-]{1,40}$/.test(expected))
        return ` The bucket is in region ${expected}: set ${name("REGION")}.`;
      return endpoint !== undefined && /^[A-Za-z0-9.:-]{1,255}$/.test(endpoint)
        ? ` It sends requests on to ${endpoint}: check ${name("ENDPOINT")} and ${name("REGION")}.`
        : ` Check ${name("ENDPOINT")} and ${name("REGION")}.`;
    }
    default:
      return "";
  }
};

const hostOf = (location: string | null): string | undefined =>
  location !== null && URL.canParse(location) ? new URL(location).host : undefined;

const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => (secret === "" ? left : left.replaceAll(secret, "…")), text);

const shortened = (text: string, charactersMax = 300): string => {
  const line = storableForm(text).replaceAll(/\s+/g, " ");
  return line.length > charactersMax ? `${line.slice(0, charactersMax).toWellFormed()}…` : line;
};
