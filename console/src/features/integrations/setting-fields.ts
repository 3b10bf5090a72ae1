/** Fields of the settings and secrets of each kind, as a form shows them. The API checks them; docs/integrations-api.md says more of each. */
import type { Kind } from "./integration-search.ts";

type Choice = { value: string; title: string };

/** Values of a draft are texts; settings.ts turns them into what the API takes. An empty text is the default. */
export type SettingField = {
  name: string;
  label: string;
  hint?: string;
  placeholder?: string;
  part: "place" | "files" | "advanced";
} & (
  | { type: "text" | "columns" }
  | { type: "number"; min: number; max: number }
  | { type: "choice" | "flag-or-default"; choices: readonly Choice[] }
  | { type: "flag" }
  | { type: "list"; choices: readonly Choice[] }
);

export type SecretField = { name: string; label: string; hint?: string; isSecret: boolean };

type KindFields = {
  settings: readonly SettingField[];
  secret: readonly SecretField[];
  tables: readonly string[];
  defaultTables: readonly string[];
  /** Values that a new draft begins with, where they are not empty. */
  first: Readonly<Record<string, string>>;
};

const same = (...values: readonly string[]): Choice[] => values.map((value) => ({ value, title: value }));
const yesOrNo: readonly Choice[] = [
  { value: "", title: "As the profile says" },
  { value: "true", title: "Yes" },
  { value: "false", title: "No" },
];
const groups = ["core", "basic", "time", "io", "metadata", "model", "usage", "prompt", "metrics", "trace_context", "tools"];

const bucketSettings: readonly SettingField[] = [
  {
    name: "type",
    label: "Store",
    part: "place",
    type: "choice",
    choices: [
      { value: "S3", title: "Amazon S3" },
      { value: "S3_COMPATIBLE", title: "Another store that speaks S3" },
    ],
  },
  {
    name: "endpoint",
    label: "Endpoint",
    hint: "Needed for a store that is not Amazon's.",
    placeholder: "https://storage.example.com",
    part: "place",
    type: "text",
  },
  { name: "bucketName", label: "Bucket", placeholder: "my-warehouse", part: "place", type: "text" },
  { name: "prefix", label: "Prefix", hint: "Files go below it. Ends with a slash.", placeholder: "spillway/", part: "place", type: "text" },
  { name: "region", label: "Region", hint: "auto takes that of the profile.", placeholder: "auto", part: "place", type: "text" },
  { name: "fileType", label: "Format", part: "files", type: "choice", choices: same("PARQUET", "JSONL", "JSON", "CSV") },
  {
    name: "compression",
    label: "Compression",
    hint: "Parquet compresses its columns itself.",
    part: "files",
    type: "choice",
    choices: same("gzip", "zstd", "none"),
  },
  {
    name: "targetFileMib",
    label: "New file after, MiB",
    hint: "Empty: one file for each table and window.",
    part: "files",
    type: "number",
    min: 1,
    max: 100_000,
  },
  { name: "includeDeletions", label: "Also deliver which rows were deleted", part: "files", type: "flag" },
  {
    name: "exportFieldGroups",
    label: "Groups of columns",
    hint: "None chosen: all columns. Otherwise core must be among them.",
    part: "advanced",
    type: "list",
    choices: same(...groups),
  },
  {
    name: "columns",
    label: "Columns by table",
    hint: "One line for each table. Tables without a line have all of their columns. Not together with groups.",
    placeholder: "traces: id, name, timestamp",
    part: "advanced",
    type: "columns",
  },
  {
    name: "keyTemplate",
    label: "Template of object keys",
    hint: "Empty: the default layout.",
    placeholder: "{prefix}table={table}/date={yyyy}-{MM}-{dd}/{project}-{window}.{ext}",
    part: "advanced",
    type: "text",
  },
  {
    name: "profile",
    label: "Profile of the store",
    hint: "Sets region, path style, checksum and conditional writes where they are left open.",
    part: "advanced",
    type: "choice",
    choices: [{ value: "", title: "aws without an endpoint, else minio" }, ...same("aws", "minio", "r2", "gcs", "ceph")],
  },
  { name: "forcePathStyle", label: "Bucket in the path", part: "advanced", type: "flag-or-default", choices: yesOrNo },
  {
    name: "checksum",
    label: "Checksum header",
    part: "advanced",
    type: "choice",
    choices: [{ value: "", title: "As the profile says" }, ...same("crc32", "none")],
  },
  {
    name: "sse",
    label: "Encryption at rest",
    part: "advanced",
    type: "choice",
    choices: [{ value: "", title: "Default of the bucket" }, ...same("AES256", "aws:kms")],
  },
  { name: "kmsKeyId", label: "KMS key", hint: "Only with aws:kms. Empty: the store's own key.", part: "advanced", type: "text" },
  {
    name: "conditionalWrites",
    label: "Never replace an object that is there already (not with gcs and ceph)",
    part: "advanced",
    type: "flag",
  },
];

const analyticsTables = ["traces", "generations", "scores", "events"];

export const kindFields: Record<Kind, KindFields> = {
  blob_storage: {
    settings: bucketSettings,
    secret: [
      { name: "accessKeyId", label: "Access key id", isSecret: false },
      { name: "secretAccessKey", label: "Secret access key", isSecret: true },
    ],
    tables: ["traces", "observations", "scores", "events", "dataset_run_items"],
    defaultTables: ["traces", "observations", "scores", "events"],
    first: { type: "S3", fileType: "PARQUET", compression: "gzip" },
  },
  posthog: {
    settings: [{ name: "hostName", label: "Address of PostHog", placeholder: "https://eu.i.posthog.com", part: "place", type: "text" }],
    secret: [{ name: "projectApiKey", label: "Project API key", hint: "Starts with phc_.", isSecret: true }],
    tables: analyticsTables,
    defaultTables: analyticsTables,
    first: {},
  },
  mixpanel: {
    settings: [
      {
        name: "region",
        label: "Residence of the data",
        part: "place",
        type: "choice",
        choices: [
          { value: "api", title: "United States" },
          { value: "api-eu", title: "European Union" },
          { value: "api-in", title: "India" },
        ],
      },
    ],
    secret: [{ name: "projectToken", label: "Project token", isSecret: true }],
    tables: analyticsTables,
    defaultTables: analyticsTables,
    first: { region: "api" },
  },
};
