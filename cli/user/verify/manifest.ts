/** The manifest beside downloaded files: what each must be. Parsed here because anything may have happened to a file on a disk. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { CommandError } from "../exit-codes.ts";

export const manifestName = "manifest.json";

const count = z.int().nonnegative();
const ManifestFile = z.object({
  name: z
    .string()
    .min(1)
    .refine((name) => basename(name) === name && name !== "." && name !== "..", "must be the name of a file, without a folder"),
  rows: count,
  bytes: count,
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const Manifest = z.object({
  version: z.literal(1),
  exportId: z.string(),
  tableName: z.string(),
  format: z.string(),
  compression: z.string(),
  rows: count,
  bytes: count,
  files: z.array(ManifestFile),
});
export type Manifest = z.infer<typeof Manifest>;

const wrong = (message: string, help: string): CommandError => new CommandError("verification", message, { help });

export const readManifest = async (directory: string): Promise<Manifest> => {
  const path = join(directory, manifestName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      throw wrong(`There is no ${path}.`, "`spillway export download ID --output DIR` stores it beside the files.");
    throw error;
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw wrong(`${path} is no JSON.`, "Download the export again.");
  }
  const parsed = Manifest.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: where, message }) => `${where.join(".")}: ${message}`);
  throw new CommandError("verification", `${path} is no manifest of an export.`, { detail: faults, help: "Download the export again." });
};
