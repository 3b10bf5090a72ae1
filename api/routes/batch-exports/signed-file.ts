/** Signs the address of a file of a completed export, and records that it was handed out. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import { writeAudit } from "../../../services/audit/write-audit.ts";
import { signDownload } from "../../../services/exports/sign-download.ts";
import type { AppEnv, RouteDeps } from "../../deps.ts";
import { loadBatchExport } from "./load.ts";

export const downloadCodes = ["EXPORTS_DISABLED", "NOT_FOUND", "EXPORT_NOT_READY", "EXPORT_EXPIRED"] as const;

/** The address is valid for `seconds`, and never longer than the file is kept. */
export const signFile = async (
  c: Context<AppEnv>,
  { downloads, nowMs }: Pick<RouteDeps, "downloads" | "nowMs">,
  { id, file: index }: { id: string; file: number },
): Promise<{ url: string; name: string; seconds: number }> => {
  if (downloads === null) throw new AppError({ code: "EXPORTS_DISABLED" });
  const row = await loadBatchExport(c, id);
  if (row.status !== "COMPLETED" || row.manifest === null || row.expiresAt === null) throw new AppError({ code: "EXPORT_NOT_READY" });
  const leftSeconds = Math.floor((row.expiresAt.getTime() - nowMs()) / 1000);
  if (leftSeconds <= 0 || row.filesDeletedAt !== null) throw new AppError({ code: "EXPORT_EXPIRED" });
  const file = row.manifest.files[index];
  if (file === undefined) throw new AppError({ code: "NOT_FOUND", message: "The export has no file with this number." });
  const seconds = Math.min(downloads.linkSeconds, leftSeconds);
  const url = await signDownload({ location: downloads.location, credentials: downloads, file, seconds });
  await writeAudit(c.get("db"), c.get("actor"), {
    resourceType: "batchExport",
    resourceId: row.id,
    action: "download",
    after: { file: file.name },
  });
  c.header("cache-control", "no-store");
  return { url, name: file.name, seconds };
};
