/** An export while its dialog is open: fields as they are entered, and the request that they make. */
import type { CreateBatchExport } from "../../generated/types.gen.ts";

type Query = CreateBatchExport["query"];
export type Format = CreateBatchExport["format"];
export type Compression = NonNullable<CreateBatchExport["compression"]>;
export type PrivacyRule = NonNullable<Query["privacy"]>[number];

export const formats = ["CSV", "JSONL", "JSON", "PARQUET"] as const satisfies readonly Format[];
export const compressions = ["none", "gzip", "zstd"] as const satisfies readonly Compression[];
export const scoreModes = ["columns", "nested", "none"] as const;
export const privacyActions = ["mask", "hash", "drop"] as const satisfies readonly PrivacyRule["action"][];
export const expiryHours = [1, 24, 72, 168, 720] as const;

export type ExportDraft = {
  name: string;
  format: Format;
  compression: Compression;
  /** All columns of the table in place of those that are shown. */
  hasAllColumns: boolean;
  scores: (typeof scoreModes)[number];
  /** Largest number of rows; empty for all. */
  limit: string;
  /** MiB after which a new file begins; empty for one file. */
  split: string;
  neutralizeFormulas: boolean;
  bom: boolean;
  embed: boolean;
  embedLevels: string;
  privacy: readonly PrivacyRule[];
  expiresAfterHours: number;
  notify: boolean;
};

export const embedLevelsDefault = "250";

export const newExport: ExportDraft = {
  name: "",
  format: "CSV",
  compression: "none",
  hasAllColumns: false,
  scores: "columns",
  limit: "",
  split: "",
  neutralizeFormulas: true,
  bom: false,
  embed: true,
  embedLevels: embedLevelsDefault,
  privacy: [],
  expiresAfterHours: 24,
  notify: true,
};

/** Parquet compresses itself. */
export const canCompress = (format: Format): boolean => format !== "PARQUET";

export type DraftField = "limit" | "split" | "embedLevels";
export type Faults = Partial<Record<DraftField, string>>;

/** What of the draft is no number within the bounds of the API. Everything else the API checks. */
export const faultsOf = ({ limit, split, embedLevels, format, embed }: ExportDraft): Faults => ({
  ...numberFault("limit", limit, 1_000_000_000),
  ...numberFault("split", split, 100_000),
  ...(isJson(format) &&
    embed &&
    (embedLevels === "" ? { embedLevels: "Enter a number from 1 to 1,024." } : numberFault("embedLevels", embedLevels, 1024))),
});

const numberFault = (field: DraftField, text: string, max: number): Faults =>
  text === "" || (/^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= max)
    ? {}
    : { [field]: `Enter a whole number from 1 to ${max.toLocaleString("en-US")}.` };

export const isJson = (format: Format): boolean => format === "JSON" || format === "JSONL";

/** The request; what equals the API's default is left out of it. The draft must have no faults. */
export const requestOf = (query: Query, draft: ExportDraft): CreateBatchExport => {
  const { format, compression, split, expiresAfterHours, notify } = draft;
  const name = draft.name.trim();
  return {
    ...(name !== "" && { name }),
    format,
    ...(canCompress(format) && compression !== "none" && { compression }),
    query: queryOf(query, draft),
    ...optionsOf(draft),
    ...(split !== "" && { targetFileMib: Number(split) }),
    ...(expiresAfterHours !== 24 && { expiresAfterHours }),
    ...(!notify && { notify }),
  };
};

const queryOf = ({ columns, orderBy, ...query }: Query, { hasAllColumns, scores, limit, privacy }: ExportDraft): Query => {
  const rules = privacy.filter(({ path }) => path.trim() !== "").map(({ path, action }) => ({ path: path.trim(), action }));
  return {
    ...query,
    ...(orderBy && { orderBy }),
    ...(columns !== undefined && !hasAllColumns && { columns }),
    ...(scores !== "columns" && { scores }),
    ...(limit !== "" && { limit: Number(limit) }),
    ...(rules.length > 0 && { privacy: rules }),
  };
};

const optionsOf = ({ format, neutralizeFormulas, bom, embed, embedLevels }: ExportDraft): Pick<CreateBatchExport, "csv" | "json"> => {
  if (format === "CSV") {
    const csv = { ...(!neutralizeFormulas && { neutralizeFormulas }), ...(bom && { bom }) };
    return Object.keys(csv).length === 0 ? {} : { csv };
  }
  if (!isJson(format)) return {};
  if (!embed) return { json: { embed } };
  return embedLevels === embedLevelsDefault ? {} : { json: { embedLevels: Number(embedLevels) } };
};
