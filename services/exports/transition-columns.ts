/** The columns a transition writes besides the status. */
import { type SQL, sql } from "drizzle-orm";
import type { ExportArrow } from "../../core/exports/transitions.ts";
import { storableForm, storableJson } from "../../core/storable.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import type { Change, ExportError } from "./transition-facts.ts";

type Row = typeof batchExports.$inferInsert;
type Columns = { [Column in Exclude<keyof Row, "status" | "updatedAt">]?: Row[Column] | SQL };

const noResult = { manifest: null, rows: null, bytes: null, truncated: null, expiresAt: null };
const noError = { errorCode: null, log: null };
const errorColumns = ({ code, message }: ExportError) => ({ errorCode: code, log: storableForm(message) });

/** Progress is kept after the end, so that the owner sees how far the export got. */
export const transitionColumns = (arrow: ExportArrow, change: Change): Columns => {
  const finishedAt = sql`now()`;
  switch (change.to) {
    case "QUEUED":
      if (arrow === "retry") return { ...noError, cutoff: sql`now()`, finishedAt: null, startedAt: null, progress: null };
      return { ...noResult, ...("error" in change && change.error !== null ? errorColumns(change.error) : noError), progress: null };
    case "PROCESSING":
      return { ...noError, startedAt: sql`coalesce(${batchExports.startedAt}, now())`, progress: null };
    case "COMPLETED": {
      const { rows, bytes, truncated } = change.manifest;
      const manifest = sql`${storableJson(change.manifest)}::jsonb`;
      const expiresAt = sql`now() + make_interval(hours => ${batchExports.expiresAfterHours})`;
      return { ...noError, finishedAt, expiresAt, manifest, rows, bytes, truncated };
    }
    case "FAILED":
      return { ...noResult, ...errorColumns(change.error), finishedAt };
    case "CANCELLED":
      // An export waiting for its next attempt keeps the error of the last one.
      return change.by === undefined ? { ...noResult, ...noError, finishedAt } : { finishedAt };
    default:
      return change satisfies never;
  }
};
