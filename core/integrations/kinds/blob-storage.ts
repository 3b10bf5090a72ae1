/** Integration kind `blob_storage`: files in a bucket of S3 or a store that speaks its protocol. */
import { z } from "zod";
import type { FieldError } from "../../errors.ts";
import { compressionNames, formatNames } from "../../query/formats/index.ts";
import { notStorable, storable, storableText } from "../../storable.ts";
import { httpAddress } from "../http-address.ts";
import { type DeliveredTableName, deliveredTableNames, deliveredTables, fieldGroups, unknownColumns } from "../storage/delivered-tables.ts";
import { prefixFaults } from "../storage/object-key-template.ts";
import type { IntegrationKindEntry } from "./kind.ts";

const storageTables = deliveredTableNames;

/** What stores support: checksum headers, and `If-None-Match` on writes (`hasConditions`). R2 computes full-object CRC-32 only for single writes. */
const storageProfiles = {
  aws: { checksum: "crc32", hasConditions: true, region: "us-east-1", forcePathStyle: false },
  r2: { checksum: "none", hasConditions: true, region: "auto", forcePathStyle: true },
  gcs: { checksum: "none", hasConditions: false, region: "auto", forcePathStyle: true },
  minio: { checksum: "crc32", hasConditions: true, region: "us-east-1", forcePathStyle: true },
  ceph: { checksum: "none", hasConditions: false, region: "us-east-1", forcePathStyle: true },
} as const;
const profileNames = Object.keys(storageProfiles) as [keyof typeof storageProfiles];

const azureRefused = "AZURE_BLOB_STORAGE is not supported: use S3, or S3_COMPATIBLE with the endpoint of a gateway.";
const columnNames = z.array(storableText(200).min(1)).min(1).max(500);

export const BlobStorageSettings = z.strictObject({
  type: z.enum(["S3", "S3_COMPATIBLE"], {
    error: ({ input }) => (input === "AZURE_BLOB_STORAGE" ? azureRefused : "must be S3 or S3_COMPATIBLE"),
  }),
  bucketName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, "must be the name of a bucket"),
  endpoint: httpAddress.nullable().default(null).describe("Address of the store; needed for S3_COMPATIBLE."),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,63}$/, "must be a region such as eu-central-1, or auto")
    .default("auto")
    .describe("`auto` takes the region of the profile."),
  forcePathStyle: z.boolean().nullable().default(null).describe("True: the bucket is in the path. Null takes what the profile says."),
  prefix: z
    .string()
    .max(500)
    .regex(/^$|^[^/].*\/$/, "must be empty or end with /, and not begin with /")
    .refine(storable, notStorable)
    .refine((text) => !text.split("/").some((part) => part === "." || part === ".."), "must not contain . or .. segments")
    .default(""),
  fileType: z.enum(formatNames).default("PARQUET"),
  compression: z.enum(compressionNames).default("gzip").describe("Of the files. Parquet always compresses its columns and ignores this."),
  columns: z
    .partialRecord(z.enum(storageTables), columnNames)
    .nullable()
    .default(null)
    .describe("Columns by table; a table without an entry has all of its columns."),
  exportFieldGroups: z
    .array(z.enum(fieldGroups))
    .min(1)
    .max(fieldGroups.length)
    .nullable()
    .default(null)
    .describe("Groups of columns instead of `columns`; must include `core`. Null: all."),
  keyTemplate: storableText(500).min(1).nullable().default(null).describe("Template of object keys. Null: the default layout."),
  targetFileMib: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .default(null)
    .describe("Begins a new file after about so many MiB. Null: one file."),
  includeDeletions: z.boolean().default(false).describe("Also delivers which rows were deleted."),
  sse: z
    .enum(["AES256", "aws:kms"])
    .nullable()
    .default(null)
    .describe("Encryption that is asked of the store. Null: the bucket's default."),
  kmsKeyId: storableText(2048).min(1).nullable().default(null).describe("Only with `sse: aws:kms`. Null: the store's own key."),
  profile: z.enum(profileNames).nullable().default(null).describe("Null: aws without an endpoint, else minio."),
  checksum: z.enum(["crc32", "none"]).nullable().default(null).describe("Checksum header of uploads. Null takes what the profile says."),
  conditionalWrites: z
    .boolean()
    .default(false)
    .describe("The first delivery of a window never replaces an object that is there already (If-None-Match). Not for gcs and ceph."),
});
export type BlobStorageSettings = z.infer<typeof BlobStorageSettings>;

export const BlobStorageSecret = z.strictObject({
  accessKeyId: storableText(500).min(1),
  secretAccessKey: storableText(500).min(1),
});

const profileOf = ({ profile, endpoint }: BlobStorageSettings) => storageProfiles[profile ?? (endpoint === null ? "aws" : "minio")];

/** Returns the options of the store, with those of its profile where the settings leave them open. */
export const storageOptions = (settings: BlobStorageSettings) => {
  const profile = profileOf(settings);
  return {
    endpoint: settings.endpoint,
    bucket: settings.bucketName,
    region: settings.region === "auto" ? profile.region : settings.region,
    forcePathStyle: settings.forcePathStyle ?? profile.forcePathStyle,
    checksum: settings.checksum ?? profile.checksum,
    conditionalWrites: settings.conditionalWrites,
    encryption: settings.sse === null ? null : { algorithm: settings.sse, kmsKeyId: settings.kmsKeyId },
  };
};

const problems = (given: Record<string, unknown>, tables: readonly string[]): FieldError[] => {
  const settings = BlobStorageSettings.parse(given);
  const found: FieldError[] = [];
  const add = (path: string, message: string) => found.push({ path, message });
  if (settings.type === "S3_COMPATIBLE" && settings.endpoint === null) add("endpoint", "must be given for S3_COMPATIBLE");
  if (settings.kmsKeyId !== null && settings.sse !== "aws:kms") add("kmsKeyId", "goes only with sse aws:kms");
  if (settings.columns !== null && settings.exportFieldGroups !== null) add("columns", "cannot be combined with exportFieldGroups");
  if (settings.exportFieldGroups !== null && !settings.exportFieldGroups.includes("core")) add("exportFieldGroups", "must include core");
  for (const [table, columns] of Object.entries(settings.columns ?? {})) {
    if (!tables.includes(table)) add(`columns.${table}`, "is not among the tables of the integration");
    for (const name of unknownColumns(deliveredTables[table as DeliveredTableName], columns))
      add(`columns.${table}`, `has no column ${name}`);
  }
  if (settings.conditionalWrites && !profileOf(settings).hasConditions)
    add("conditionalWrites", "is not supported by the stores of this profile");
  found.push(...prefixFaults(settings.prefix));
  return found;
};

export const blobStorage = {
  settings: BlobStorageSettings,
  secret: BlobStorageSecret,
  shownSecretFields: ["accessKeyId"],
  tables: storageTables,
  defaultTables: ["traces", "observations", "scores", "events"],
  addresses: ({ endpoint }) => (typeof endpoint === "string" ? [{ path: "endpoint", url: endpoint }] : []),
  problems,
  // Requests are signed: the secret key itself is never sent.
  secretGoesTo: () => null,
} as const satisfies IntegrationKindEntry;
